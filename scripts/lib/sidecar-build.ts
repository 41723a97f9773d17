import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build, type Plugin, stop } from "esbuild";
import { approverPageTemplate } from "./approver-page-build.ts";
import { buildOnce } from "./build-cache.ts";
import { fromRoot, ROOT } from "./paths.ts";

/**
 * A young generation of 1 MiB: the sidecar makes little garbage, and Node's default costs it more
 * memory than all it holds. So little is swept sooner by the thread at hand than by helpers that have
 * to be woken first: on two busy cores they doubled the pauses.
 */
export const SIDECAR_NODE_FLAGS = ["--max-semi-space-size=1", "--single-threaded-gc"];

const ENTRY = "ibkr-sidecar";
/** Some of what is bundled is CommonJS and asks for Node's own modules by `require`. */
const BANNER =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

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
  const { metafile } = await build({
    absWorkingDir: ROOT,
    metafile: true,
    entryPoints: { [ENTRY]: fromRoot("sidecar/src/cli/main.ts") },
    outdir: directory,
    bundle: true,
    splitting: true,
    minifySyntax: true,
    minifyWhitespace: true,
    platform: "node",
    target: "node24",
    format: "esm",
    banner: { js: BANNER },
    legalComments: "linked",
    plugins: [withoutAttestation],
    logLevel: "silent",
  });
  const page = await approverPageTemplate();
  await writeFile(join(directory, "approver-page.html"), page.html);
  // esbuild keeps a process for the next build; there is none.
  await stop();
  const file = join(directory, `${ENTRY}.js`);
  const code = await readFile(file, "utf8");
  const hashbang = `#!/usr/bin/env -S node ${SIDECAR_NODE_FLAGS.join(" ")}`;
  await writeFile(file, code.replace(/^#!.*/, hashbang), { mode: 0o755 });
  return [
    ...Object.keys(metafile.inputs),
    ...page.inputs,
    "sidecar/approver/view/style.ts",
    "scripts/lib/approver-page-build.ts",
  ];
}
