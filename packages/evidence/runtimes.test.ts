import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const EXPECTED = ["verified", "unwitnessed", "2 known signatures", "same text"];
/** Where the machine has a Node of its own, perhaps an older one. */
const OLDER_NODE = "/usr/bin/node";
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "evidence-runtimes-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The package and a program on it as one file, for no platform in particular. */
async function bundled(program: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: import.meta.dirname, loader: "ts" },
    bundle: true,
    format: "esm",
    platform: "neutral",
    target: "es2024",
    mainFields: ["module", "main"],
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}

describe("the package runs as it is", () => {
  it("in workerd, without Node's modules", async () => {
    const script = await bundled(`
      import { selfCheck } from "./testing/self-check.ts";
      export default { fetch: async () => Response.json(await selfCheck()) };
    `);
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        log: new Log(LogLevel.ERROR),
        workers: [
          {
            name: "evidence",
            // fixed date: as in wrangler.toml, it names a version of the runtime.
            compatibilityDate: "2026-10-15",
            modules: [{ type: "ESModule", path: "index.mjs", contents: script }],
          },
        ],
      }),
    );
    try {
      const answer = await miniflare.dispatchFetch("http://evidence.test/");
      expect(await answer.json()).toEqual(EXPECTED);
    } finally {
      await miniflare.dispose();
    }
  });

  it.for([
    ["the Node that runs the tests", process.execPath],
    ["the machine's own Node", OLDER_NODE],
  ] as const)("in %s", async ([, node], { skip }) => {
    // A clock that is set stands in a module that older Nodes cannot read; what runs here asks no time.
    skip(node === OLDER_NODE && process.env.TEST_CLOCK !== undefined, "the clock is set");
    const file = join(folder, "self-check.mjs");
    await writeFile(
      file,
      await bundled(`
        import { selfCheck } from "./testing/self-check.ts";
        console.log(JSON.stringify(await selfCheck()));
      `),
    );
    const { stdout } = await run(existsSync(node) ? node : process.execPath, [file]);
    expect(JSON.parse(stdout)).toEqual(EXPECTED);
  });
});
