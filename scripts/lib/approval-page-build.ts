import { createHash } from "node:crypto";
import { build } from "esbuild";
import { STYLE } from "../../sidecar/approval-page/view/style.ts";
import { ROOT } from "./paths.ts";

/**
 * The approval page's template: one HTML file with its script and its style in it, and a policy that
 * lets nothing else run. Whose page it is the PC fills in, see `sidecar/src/approval-page-server/`. The same
 * sources give the same bytes, in whatever folder and zone.
 */
export async function approverPageTemplate(
  root = ROOT,
): Promise<{ html: string; inputs: string[] }> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: ["sidecar/approval-page/main.ts"],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    charset: "ascii",
    // Said here, so that no file around the sources changes a byte.
    tsconfigRaw: { compilerOptions: { strict: true, verbatimModuleSyntax: true } },
    legalComments: "none",
    metafile: true,
    write: false,
    logLevel: "silent",
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error("esbuild gave nothing back");
  const script = file.text.trim();
  if (/<\/script|<!--/i.test(script)) throw new Error("the script would end its own element");
  return { html: page(script, STYLE.trim()), inputs: Object.keys(metafile.inputs) };
}

const sourceOf = (text: string): string =>
  `'sha256-${createHash("sha256").update(text, "utf8").digest("base64")}'`;

function page(script: string, style: string): string {
  const policy = [
    "default-src 'none'",
    `script-src ${sourceOf(script)}`,
    `style-src ${sourceOf(style)}`,
    "connect-src %CONNECT%",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">',
    '<meta name="referrer" content="no-referrer">',
    '<meta name="robots" content="noindex">',
    "<title>Approvals</title>",
    `<style>${style}</style>`,
    "</head>",
    "<body>",
    "<noscript><main><h1>Approvals</h1><p>This page needs its script.</p></main></noscript>",
    '<script type="application/json" id="settings">%SETTINGS%</script>',
    `<script>${script}</script>`,
    "</body>",
    "</html>",
    "",
  ].join("\n");
}
