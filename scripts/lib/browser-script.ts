import { readFile, writeFile } from "node:fs/promises";
import { build } from "esbuild";
import { fromRoot } from "./paths.ts";

const SOURCE = fromRoot("src/web/browser/pages.ts");
export const GENERATED = fromRoot("src/web/passkey-script.generated.ts");

/**
 * The pages' one script, bundled for browsers and wrapped as a module that the Worker can serve.
 * Committed, because a deployment builds the Worker alone; a test holds it up to date.
 */
export async function browserScriptModule(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [SOURCE],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    legalComments: "none",
    write: false,
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error("esbuild gave nothing back");
  return [
    "// Made by `npm run browser-script` from src/web/browser; do not edit.",
    `export const PASSKEY_SCRIPT =\n  ${JSON.stringify(file.text)};`,
    "",
  ].join("\n");
}

/** Whether the committed module is what its source makes. */
export async function browserScriptIsUpToDate(): Promise<boolean> {
  return (await readFile(GENERATED, "utf8")) === (await browserScriptModule());
}

export async function writeBrowserScript(): Promise<void> {
  await writeFile(GENERATED, await browserScriptModule());
}
