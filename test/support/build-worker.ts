import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { buildWorker } from "../../scripts/lib/bundle.ts";
import { buildClient } from "../../scripts/lib/client-build.ts";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { buildSidecar } from "../../scripts/lib/sidecar-build.ts";

declare module "vitest" {
  interface ProvidedContext {
    workerBundle: string;
    /** The sidecar's command line as it is packed: the file to run. */
    sidecarCli: string;
    /** The client's command line as it is packed: the file to run. */
    clientCli: string;
  }
}

/** Builds the Worker, the sidecar and the client once for all test files of a run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Some two hundred processes of Node start in a run, and need not compile the same files each.
  process.env.NODE_COMPILE_CACHE ??= fromRoot("node_modules/.cache/node");
  const directory = await mkdtemp(join(tmpdir(), "ibkr-edge-gateway-bundle-"));
  const worker = join(directory, "worker");
  const [, [cli, client]] = await Promise.all([
    buildWorker(worker),
    // One after the other: each ends the bundler's process when it has done.
    buildSidecar(join(directory, "sidecar")).then(
      async (sidecar) => [sidecar, await buildClient(join(directory, "client"))] as const,
    ),
  ]);
  // As in the package that carries it; else Node parses each file twice to find out what it is.
  await writeFile(join(directory, "package.json"), '{"type":"module"}');
  project.provide("workerBundle", worker);
  project.provide("sidecarCli", cli);
  project.provide("clientCli", client);
  return () => rm(directory, { recursive: true, force: true });
}
