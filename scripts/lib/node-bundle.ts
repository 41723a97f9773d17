import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build, type Plugin, stop } from "esbuild";
import { ROOT } from "./paths.ts";

/** Some of what is bundled is CommonJS and asks for Node's own modules by `require`. */
const BANNER =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

/**
 * Bundles a command and all it depends on into a folder: the file `<command>.js`, which may be run, and
 * what only some of its parts need in files of its own. Gives the sources that went into it.
 * `entries` are source files by the name of their output; `finish` has the last word over the command.
 */
export async function bundleForNode(options: {
  directory: string;
  command: string;
  entries: Record<string, string>;
  plugins?: Plugin[];
  finish?(code: string): string;
}): Promise<string[]> {
  const { directory, command, entries, plugins = [], finish = (code) => code } = options;
  const { metafile } = await build({
    absWorkingDir: ROOT,
    metafile: true,
    entryPoints: entries,
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
    plugins,
    logLevel: "silent",
  });
  // esbuild keeps a process for the next build; there is none.
  await stop();
  const file = join(directory, `${command}.js`);
  await writeFile(file, finish(await readFile(file, "utf8")), { mode: 0o755 });
  return Object.keys(metafile.inputs);
}
