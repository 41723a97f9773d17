import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, expect, it } from "vitest";
import { approverPageTemplate } from "./lib/approval-page-build.ts";
import { fromRoot } from "./lib/paths.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const zone = process.env.TZ;
let folder = "";

afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
  if (folder !== "") rmSync(folder, { recursive: true, force: true });
});

it("is built to the same bytes in another folder, zone and umask", async () => {
  const here = await approverPageTemplate();
  folder = realpathSync(mkdtempSync(join(tmpdir(), "another folder ")));
  process.env.TZ = "Pacific/Auckland";
  const umask = process.umask(0o077);
  try {
    const inputs = new Set([
      "sidecar/approval-page",
      "packages/protocol",
      ...here.inputs.flatMap((path) => /^node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
    ]);
    for (const path of inputs) {
      cpSync(fromRoot(path), join(folder, path), { recursive: true, dereference: true });
    }
    const own = join(folder, "node_modules/@ibkr-edge-gateway");
    mkdirSync(own);
    symlinkSync("../../packages/protocol", join(own, "protocol"));
    const there = await approverPageTemplate(folder);
    expect(there.inputs.every((path) => !path.startsWith(".."))).toBe(true);
    // Compared by their hashes: what differs would be far too long to be shown.
    expect(sha256(there.html)).toBe(sha256(here.html));
  } finally {
    process.umask(umask);
  }
});

it("lets nothing run but its one script, and loads nothing", async () => {
  const { html } = await approverPageTemplate();
  const script = /<script>([\s\S]*)<\/script>\n<\/body>/.exec(html)?.[1] ?? "";
  const hash = createHash("sha256").update(script).digest("base64");
  expect(html).toContain(`script-src 'sha256-${hash}'`);
  expect(html).not.toMatch(/\b(src|href)=/);
  expect(script).not.toContain("innerHTML");
  expect(html).toContain("trusted-types 'none'");
  expect(html.match(/%[A-Z]+%/g)).toEqual(["%CONNECT%", "%SETTINGS%"]);
});

it("is small enough for a phone", async () => {
  const { html } = await approverPageTemplate();
  expect(gzipSync(html).length).toBeLessThan(96 * 1024);
});
