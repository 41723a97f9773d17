import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Plugin } from "esbuild";
import { approverPageTemplate } from "./approval-page-build.ts";
import { buildOnce } from "./build-cache.ts";
import { bundleForNode } from "./node-bundle.ts";
import { fromRoot } from "./paths.ts";

/**
 * A young generation of 1 MiB: the sidecar makes little garbage, and Node's default costs it more
 * memory than all it holds. So little is swept sooner by the thread at hand than by helpers that have
 * to be woken first: on two busy cores they doubled the pauses.
 */
export const SIDECAR_NODE_FLAGS = ["--max-semi-space-size=1", "--single-threaded-gc"];

const ENTRY = "ibkr-sidecar";
/**
 * Leaves out the certificate libraries of passkey attestation, as the Worker does: nothing here
 * enrols a passkey by its maker's certificate. The simulator has them for a certificate of its own.
 */
const withoutAttestation: Plugin = {
  name: "without-attestation",
  setup({ onResolve }) {
    onResolve({ filter: /^(@peculiar\/|reflect-metadata$)/ }, ({ importer }) =>
      importer.includes("@simplewebauthn")
        ? { path: fromRoot("packages/protocol/without-x509.ts") }
        : undefined,
    );
  },
};

/**
 * Bundles the sidecar and all it depends on into a folder, with the template of the owner's approval
 * page beside it, and returns the file to run. From one
 * file Node starts faster and holds half the memory that it does from some two hundred sources
 * whose types it must strip. An earlier build of the very same sources is taken again.
 */
export async function buildSidecar(directory: string): Promise<string> {
  await buildOnce("sidecar", directory, bundle);
  return join(directory, `${ENTRY}.js`);
}

async function bundle(directory: string): Promise<string[]> {
  const page = await approverPageTemplate();
  const hashbang = `#!/usr/bin/env -S node ${SIDECAR_NODE_FLAGS.join(" ")}`;
  const inputs = await bundleForNode({
    directory,
    command: ENTRY,
    entries: { [ENTRY]: fromRoot("sidecar/src/cli/main.ts") },
    plugins: [withoutAttestation],
    finish: (code) => code.replace(/^#!.*/, hashbang),
  });
  await writeFile(join(directory, "approver-page.html"), page.html);
  return [
    ...inputs,
    ...page.inputs,
    "sidecar/approval-page/view/style.ts",
    "scripts/lib/approval-page-build.ts",
  ];
}
