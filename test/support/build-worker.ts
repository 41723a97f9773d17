import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { buildWorker } from "../../scripts/lib/bundle.ts";

declare module "vitest" {
  interface ProvidedContext {
    workerBundle: string;
  }
}

/** Builds the Worker once for all test files of a run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), "ibkr-edge-gateway-bundle-"));
  await buildWorker(directory);
  project.provide("workerBundle", directory);
  return () => rm(directory, { recursive: true, force: true });
}
