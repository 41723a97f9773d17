import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromRoot } from "./lib/paths.ts";

const run = promisify(execFile);
let tree: string;

const FILES: Record<string, string> = {
  "tsconfig.json": "{}",
  "packages/protocol/wire.ts": "export const wire = 1;",
  "packages/policy/check.ts": 'export { wire } from "../protocol/wire.ts";',
  "src/mcp/handler.ts": "export const handler = 1;",
  "src/mcp/tools.ts": "export const tools = 1;",
  "src/oauth/consent.ts": "export const consent = 1;",
  "durable-objects/account.ts": 'export { wire } from "@ibkr-edge-gateway/policy/check.ts";',
  "sidecar/src/relay/dial.ts": 'export { wire } from "../../../packages/protocol/wire.ts";',
  "packages/simulator/broker.ts": "export const broker = 1;",
  "node_modules/agents/package.json": '{"name":"agents","main":"index.js"}',
  "node_modules/agents/index.js": "export const agents = 1;",
};

/** One import more, and the rule that it breaks. Each stands in a file of its own beside the good one. */
const BREACHES: [beside: string, more: string, rule: string][] = [
  ["packages/protocol/wire.ts", 'import "../policy/check.ts";', "protocol-stands-alone"],
  [
    "packages/protocol/wire.ts",
    'import type { A } from "../mcp/tools.ts";',
    "protocol-stands-alone",
  ],
  ["packages/protocol/wire.ts", 'import "node:crypto";', "protocol-runs-anywhere"],
  ["packages/protocol/wire.ts", 'import "cloudflare:workers";', "protocol-runs-anywhere"],
  ["packages/protocol/wire.ts", 'import "agents";', "protocol-packages"],
  ["packages/policy/check.ts", 'import "../mcp/tools.ts";', "policy-knows-protocol-only"],
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
];
const CIRCLE = { "src/mcp/one.ts": 'import "./two.ts";', "src/mcp/two.ts": 'import "./one.ts";' };

const breachFile = (beside: string, n: number) => beside.replace(/\.ts$/, `-breach-${n}.ts`);

interface Violation {
  from: string;
  rule: { name: string };
}
let violations: Violation[];
const brokenBy = (files: string[]) =>
  violations.filter(({ from }) => files.includes(from)).map(({ rule }) => rule.name);

beforeAll(async () => {
  tree = await mkdtemp(join(tmpdir(), "dependency-direction-"));
  const breaches = BREACHES.map(([beside, more], n) => [breachFile(beside, n), more]);
  const files = { ...FILES, ...CIRCLE, ...Object.fromEntries(breaches) };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(tree, dirname(path)), { recursive: true });
    await writeFile(join(tree, path), `${text}\n`);
  }
  const cruiser = fromRoot("node_modules/.bin/depcruise");
  const config = fromRoot(".dependency-cruiser.mjs");
  const { stdout } = await run(
    process.execPath,
    [cruiser, "--config", config, "--output-type", "json", "src", "durable-objects", "sidecar"],
    { cwd: tree, maxBuffer: 16 * 1024 * 1024 },
  ).catch((error: { stdout: string }) => error);
  ({ violations } = (JSON.parse(stdout) as { summary: { violations: Violation[] } }).summary);
}, 60_000);
afterAll(() => rm(tree, { recursive: true, force: true }));

describe("the direction of dependencies", () => {
  it("lets through what points the right way", () => {
    expect(brokenBy(Object.keys(FILES))).toEqual([]);
  });

  it.each(BREACHES.map(([beside, more, rule], n) => ({ beside, more, rule, n })))(
    "refuses $more beside $beside",
    ({ beside, rule, n }) => {
      expect(brokenBy([breachFile(beside, n)])).toContain(rule);
    },
  );

  it("refuses a circle of values", () => {
    expect(brokenBy(Object.keys(CIRCLE))).toContain("no-cycles");
  });
});
