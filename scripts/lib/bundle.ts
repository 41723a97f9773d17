import { join } from "node:path";
import { wrangler } from "./wrangler.ts";

export interface WorkerBundle {
  directory: string;
  main: string;
}

/**
 * Builds the Worker exactly as `wrangler deploy` would upload it, so that what runs locally, in
 * tests and in benchmarks is what ships.
 */
export async function buildWorker(directory: string): Promise<WorkerBundle> {
  const { ok, output } = await wrangler(["deploy", "--dry-run", "--outdir", directory]);
  if (!ok) throw new Error(`the Worker does not build:\n${output}`);
  return { directory, main: join(directory, "index.js") };
}
