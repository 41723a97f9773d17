import { readFile, stat } from "node:fs/promises";
import { join, parse, resolve } from "node:path";
import * as z from "zod";
import { buildOnce } from "./build-cache.ts";
import { fromRoot, ROOT } from "./paths.ts";
import { wrangler } from "./wrangler.ts";

export interface WorkerBundle {
  directory: string;
  main: string;
}

/** What esbuild says it read, in the file that wrangler leaves beside the bundle. */
const Metafile = z.object({ inputs: z.record(z.string(), z.unknown()) });
const METAFILE = "bundle-meta.json";

/**
 * Builds the Worker exactly as `wrangler deploy` would upload it, so that what runs locally, in
 * tests and in benchmarks is what ships; an earlier build of the very same sources is taken again.
 * `entry` replaces the product's own, for test builds.
 */
export async function buildWorker(directory: string, entry?: string): Promise<WorkerBundle> {
  const path = entry === undefined ? undefined : resolve(ROOT, entry);
  const main = join(directory, `${path === undefined ? "index" : parse(path).name}.js`);
  const name = path === undefined ? "worker" : `worker-${path.slice(ROOT.length)}`;
  await buildOnce(name.replace(/[^a-z]+/gi, "-").toLowerCase(), directory, async (into) => {
    const { ok, output } = await wrangler([
      "deploy",
      ...(path === undefined ? [] : [path]),
      ...["--dry-run", "--outdir", into, "--metafile"],
    ]);
    if (!ok) throw new Error(`the Worker does not build:\n${output}`);
    return inputsOf(into);
  });
  return { directory, main };
}

/** The files among the inputs: some are made up by wrangler's plugins and follow from its version. */
async function inputsOf(directory: string): Promise<string[]> {
  const text = await readFile(join(directory, METAFILE), "utf8");
  const { inputs } = Metafile.parse(JSON.parse(text));
  const files: string[] = [];
  for (const path of Object.keys(inputs)) {
    const isFile = await stat(fromRoot(path)).then(
      (found) => found.isFile(),
      () => false,
    );
    if (isFile) files.push(path);
  }
  return files;
}
