import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build, stop } from "esbuild";
import { buildOnce } from "./build-cache.ts";
import { fromRoot, ROOT } from "./paths.ts";

const ENTRY = "ibkr";
/** Some of what is bundled is CommonJS and asks for Node's own modules by `require`. */
const BANNER =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

/**
 * Bundles the client and all it depends on into a folder, and returns the command line's file. What
 * only some commands need is in files of its own, so that `--help` loads none of it.
 */
export async function buildClient(directory: string): Promise<string> {
  await buildOnce("client", directory, bundle);
  return join(directory, `${ENTRY}.js`);
}

async function bundle(directory: string): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    metafile: true,
    entryPoints: {
      [ENTRY]: fromRoot("client/src/cli/main.ts"),
      index: fromRoot("client/src/index.ts"),
    },
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
    logLevel: "silent",
  });
  // esbuild keeps a process for the next build; there is none.
  await stop();
  const file = join(directory, `${ENTRY}.js`);
  await writeFile(file, await readFile(file, "utf8"), { mode: 0o755 });
  return Object.keys(metafile.inputs);
}
