import { join, parse } from "node:path";
import { wrangler } from "./wrangler.ts";

export interface WorkerBundle {
  directory: string;
  main: string;
}

/**
 * Builds the Worker exactly as `wrangler deploy` would upload it, so that what runs locally, in
 * tests and in benchmarks is what ships. `entry` replaces the product's own, for test builds.
 */
export async function buildWorker(directory: string, entry?: string): Promise<WorkerBundle> {
  const { ok, output } = await wrangler([
    "deploy",
    ...(entry === undefined ? [] : [entry]),
    ...["--dry-run", "--outdir", directory],
  ]);
  if (!ok) throw new Error(`the Worker does not build:\n${output}`);
  const name = entry === undefined ? "index" : parse(entry).name;
  return { directory, main: join(directory, `${name}.js`) };
}
