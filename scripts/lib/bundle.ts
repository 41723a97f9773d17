import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { fromRoot, ROOT } from "./paths.ts";

const run = promisify(execFile);

export interface WorkerBundle {
  directory: string;
  main: string;
}

/**
 * Builds the Worker exactly as `wrangler deploy` would upload it, so that what runs locally, in
 * tests and in benchmarks is what ships.
 */
export async function buildWorker(directory: string): Promise<WorkerBundle> {
  const wrangler = fromRoot("node_modules/wrangler/bin/wrangler.js");
  try {
    await run(process.execPath, [wrangler, "deploy", "--dry-run", "--outdir", directory], {
      cwd: ROOT,
      env: { ...process.env, WRANGLER_SEND_METRICS: "false", CI: "1" },
    });
  } catch (error) {
    throw new Error(`the Worker does not build:\n${outputOf(error)}`);
  }
  return { directory, main: join(directory, "index.js") };
}

function outputOf(error: unknown): string {
  if (error instanceof Error && "stderr" in error && "stdout" in error) {
    return `${String(error.stdout)}${String(error.stderr)}`.trim();
  }
  return String(error);
}
