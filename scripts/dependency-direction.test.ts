import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromRoot } from "./lib/paths.ts";

const run = promisify(execFile);
let tree: string;
beforeAll(async () => {
  tree = await mkdtemp(join(tmpdir(), "dependency-direction-"));
});
afterAll(() => rm(tree, { recursive: true, force: true }));

const FILES: Record<string, string> = {
  "tsconfig.json": "{}",
  "src/protocol/wire.ts": "export const wire = 1;",
  "src/policy/check.ts": 'export { wire } from "../protocol/wire.ts";',
  "src/mcp/handler.ts": "export const handler = 1;",
  "src/mcp/tools.ts": "export const tools = 1;",
  "src/oauth/consent.ts": "export const consent = 1;",
  "durable-objects/account.ts": 'export { wire } from "../src/policy/check.ts";',
  "sidecar/src/relay/dial.ts": 'export { wire } from "../../../src/protocol/wire.ts";',
  "sidecar/src/simulator/broker.ts": "export const broker = 1;",
  "node_modules/agents/package.json": '{"name":"agents","main":"index.js"}',
  "node_modules/agents/index.js": "export const agents = 1;",
};

/** The rules that a tree breaks when one file has one import more. */
async function broken(file: string, more: string): Promise<string[]> {
  const files = { ...FILES, [file]: `${FILES[file] ?? ""}\n${more}\n` };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(tree, dirname(path)), { recursive: true });
    await writeFile(join(tree, path), text);
  }
  const cruiser = fromRoot("node_modules/.bin/depcruise");
  const config = fromRoot(".dependency-cruiser.mjs");
  const { stdout } = await run(
    process.execPath,
    [cruiser, "--config", config, "--output-type", "json", "src", "durable-objects", "sidecar"],
    { cwd: tree },
  ).catch((error: { stdout: string }) => error);
  const { summary } = JSON.parse(stdout) as {
    summary: { violations: { rule: { name: string } }[] };
  };
  return summary.violations.map(({ rule }) => rule.name).sort();
}

describe("the direction of dependencies", () => {
  it("lets through what points the right way", async () => {
    expect(await broken("durable-objects/account.ts", "")).toEqual([]);
  });

  it.each([
    ["src/protocol/wire.ts", 'import "../policy/check.ts";', "protocol-stands-alone"],
    ["src/protocol/wire.ts", 'import type { A } from "../mcp/tools.ts";', "protocol-stands-alone"],
    ["src/protocol/wire.ts", 'import "node:crypto";', "protocol-runs-anywhere"],
    ["src/protocol/wire.ts", 'import "cloudflare:workers";', "protocol-runs-anywhere"],
    ["src/protocol/wire.ts", 'import "agents";', "protocol-packages"],
    ["src/policy/check.ts", 'import "../mcp/tools.ts";', "policy-knows-protocol-only"],
    ["durable-objects/account.ts", 'import "../src/mcp/tools.ts";', "objects-know-no-web"],
    ["src/mcp/tools.ts", 'import "../oauth/consent.ts";', "rooms-do-not-mix"],
    ["src/mcp/tools.ts", 'import "agents";', "agents-behind-one-file"],
    [
      "sidecar/src/relay/dial.ts",
      'import "../../../src/mcp/tools.ts";',
      "sidecar-knows-protocol-only",
    ],
    ["src/mcp/tools.ts", 'import "../../sidecar/src/relay/dial.ts";', "worker-knows-no-sidecar"],
    ["sidecar/src/relay/dial.ts", 'import "../simulator/broker.ts";', "simulator-apart"],
    ["src/mcp/tools.ts", 'import "./nowhere.ts";', "resolvable"],
  ])("refuses %s with %s", async (file, more, rule) => {
    expect(await broken(file, more)).toContain(rule);
  });

  it("refuses a circle of values", async () => {
    FILES["src/mcp/round.ts"] = 'import "./tools.ts";';
    expect(await broken("src/mcp/tools.ts", 'import "./round.ts";')).toContain("no-cycles");
  });
});
