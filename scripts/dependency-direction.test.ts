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
  "packages/evidence/note.ts": "export const note = 1;",
  "packages/evidence/node/folder.ts": 'export { note } from "../note.ts"; import "node:fs";',
  "packages/simulator/broker.ts": "export const broker = 1;",
  "src/mcp/handler.ts": "export const handler = 1;",
  "src/mcp/tools.ts": "export const tools = 1;",
  "src/gateway.ts": 'export { consent } from "./oauth/consent.ts";',
  "src/oauth/consent.ts": 'export { session as consent } from "../owner/session.ts";',
  "src/owner/session.ts": 'export { page as session } from "../web/page.ts";',
  "src/console/clients.ts": 'export { consent } from "../oauth/consent.ts";',
  "src/web/page.ts": "export const page = 1;",
  "durable-objects/account.ts": 'export { wire } from "../packages/policy/check.ts";',
  "durable-objects/account/orders/tables/keys.ts": "export const keys = 1;",
  "durable-objects/account/orders/rules/judge.ts": 'export { keys } from "../tables/keys.ts";',
  "durable-objects/account/orders/transactions/submit-transaction.ts":
    'export { keys } from "../rules/judge.ts";',
  "durable-objects/account/orders/sidecar-calls/send.ts":
    'export { keys } from "../transactions/submit-transaction.ts";',
  "durable-objects/log.ts": 'export { note } from "../packages/evidence/note.ts";',
  "sidecar/approval-page/words.ts": 'export { wire } from "../../packages/protocol/wire.ts";',
  "sidecar/src/witness.ts": 'export { note } from "../../packages/evidence/note.ts";',
  "sidecar/src/relay/dial.ts": 'export { wire } from "../../../packages/protocol/wire.ts";',
  "sidecar/src/cli/simulator.ts": 'export { broker } from "../../../packages/simulator/broker.ts";',
  "sidecar/src/client-portal/portal.ts": "export const portal = 1;",
  "sidecar/src/operation-handlers/quotes.ts":
    'export { portal } from "../client-portal/portal.ts";',
  "sidecar/src/orders/submit.ts": 'export { portal } from "../client-portal/portal.ts";',
  "sidecar/src/doctor/session.ts": "export const session = 1;",
  "client/src/sdk/connect.ts": 'export { wire } from "../../../packages/protocol/wire.ts";',
  "client/src/simulated/broker.ts":
    'export { broker } from "../../../packages/simulator/broker.ts"; export { wire } from "../../../packages/policy/check.ts";',
  "node_modules/agents/package.json": '{"name":"agents","main":"index.js"}',
  "node_modules/agents/index.js": "export const agents = 1;",
};

/** One import more, and the rule that it breaks. Each stands in a file of its own beside the good one. */
const BREACHES: [beside: string, more: string, rule: string][] = [
  ["packages/protocol/wire.ts", 'import "../policy/check.ts";', "protocol-stands-alone"],
  [
    "packages/protocol/wire.ts",
    'import type { A } from "../../src/mcp/tools.ts";',
    "protocol-stands-alone",
  ],
  ["packages/protocol/wire.ts", 'import "node:crypto";', "pure-packages-run-anywhere"],
  ["packages/policy/check.ts", 'import "node:fs";', "pure-packages-run-anywhere"],
  ["packages/protocol/wire.ts", 'import "cloudflare:workers";', "pure-packages-run-anywhere"],
  ["packages/protocol/wire.ts", 'import "agents";', "pure-packages-libraries"],
  ["packages/policy/check.ts", 'import "../../src/mcp/tools.ts";', "policy-knows-protocol-only"],
  ["packages/policy/check.ts", 'import "../simulator/broker.ts";', "policy-knows-protocol-only"],
  [
    "sidecar/approval-page/words.ts",
    'import "../src/operation-handlers/quotes.ts";',
    "approval-page-alone",
  ],
  ["packages/evidence/note.ts", 'import "../protocol/wire.ts";', "evidence-stands-alone"],
  [
    "packages/evidence/note.ts",
    'import type { A } from "../../durable-objects/account.ts";',
    "evidence-stands-alone",
  ],
  ["packages/evidence/note.ts", 'import "node:crypto";', "pure-packages-run-anywhere"],
  ["packages/evidence/note.ts", 'import "agents";', "pure-packages-libraries"],
  ["src/mcp/tools.ts", 'import "../../packages/evidence/note.ts";', "evidence-for-keepers"],
  [
    "sidecar/src/witness.ts",
    'import "../../packages/evidence/node/folder.ts";',
    "evidence-on-disk-for-command-lines",
  ],
  ["packages/policy/check.ts", 'import "../evidence/note.ts";', "evidence-for-keepers"],
  ["packages/simulator/broker.ts", 'import "../policy/check.ts";', "simulator-stands-alone"],
  [
    "packages/simulator/broker.ts",
    'import "../../sidecar/src/client-portal/portal.ts";',
    "simulator-stands-alone",
  ],
  ["durable-objects/account.ts", 'import "../src/mcp/tools.ts";', "objects-know-no-web"],
  [
    "durable-objects/account.ts",
    'import type { A } from "../src/mcp/tools.ts";',
    "objects-know-no-web",
  ],
  [
    "durable-objects/account/orders/rules/judge.ts",
    'import type { A } from "../transactions/submit-transaction.ts";',
    "order-rules-judge-only",
  ],
  [
    "durable-objects/account/orders/rules/judge.ts",
    'import "../sidecar-calls/send.ts";',
    "order-rules-judge-only",
  ],
  [
    "durable-objects/account/orders/tables/keys.ts",
    'import "../rules/judge.ts";',
    "order-tables-are-the-bottom",
  ],
  [
    "durable-objects/account/orders/transactions/submit-transaction.ts",
    'import "../sidecar-calls/send.ts";',
    "order-transactions-are-synchronous",
  ],
  ["src/mcp/tools.ts", 'import "../oauth/consent.ts";', "rooms-do-not-mix"],
  ["src/web/page.ts", 'import "../oauth/consent.ts";', "web-is-below-the-rooms"],
  ["src/web/page.ts", 'import "../gateway.ts";', "rooms-know-no-roof"],
  ["src/console/clients.ts", 'import type { A } from "../gateway.ts";', "rooms-know-no-roof"],
  ["src/owner/session.ts", 'import "../oauth/consent.ts";', "owner-below-oauth-and-console"],
  ["src/owner/session.ts", 'import "../console/clients.ts";', "owner-below-oauth-and-console"],
  ["src/oauth/consent.ts", 'import "../console/clients.ts";', "oauth-below-console"],
  ["src/mcp/tools.ts", 'import "agents";', "agents-behind-one-file"],
  [
    "sidecar/src/relay/dial.ts",
    'import "../../../src/mcp/tools.ts";',
    "sidecar-knows-protocol-only",
  ],
  [
    "sidecar/src/relay/dial.ts",
    'import "../../../packages/policy/check.ts";',
    "sidecar-knows-protocol-only",
  ],
  [
    "sidecar/src/client-portal/portal.ts",
    'import "../operation-handlers/quotes.ts";',
    "client-portal-is-the-bottom",
  ],
  [
    "sidecar/src/client-portal/portal.ts",
    'import type { A } from "../orders/submit.ts";',
    "client-portal-is-the-bottom",
  ],
  ["sidecar/src/relay/dial.ts", 'import "../cli/simulator.ts";', "command-line-is-the-top"],
  ["src/mcp/tools.ts", 'import "../../sidecar/src/relay/dial.ts";', "worker-knows-no-sidecar"],
  ["src/mcp/tools.ts", 'import "../../packages/simulator/broker.ts";', "simulator-apart"],
  ...["relay/dial.ts", "orders/submit.ts", "operation-handlers/quotes.ts", "doctor/session.ts"].map(
    (file): [string, string, string] => [
      `sidecar/src/${file}`,
      'import "../../../packages/simulator/broker.ts";',
      "simulator-apart",
    ],
  ),
  ...[
    "src/mcp/tools.ts",
    "durable-objects/account.ts",
    "sidecar/src/relay/dial.ts",
    "packages/policy/check.ts",
    "packages/simulator/broker.ts",
  ].map((file): [string, string, string] => [
    "client/src/sdk/connect.ts",
    `import type { A } from "../../../${file}";`,
    "client-knows-protocol-and-evidence",
  ]),
  [
    "client/src/simulated/broker.ts",
    'import "../../../durable-objects/account.ts";',
    "simulated-client-knows-policy-and-simulator",
  ],
  ["client/src/sdk/connect.ts", 'import "../simulated/broker.ts";', "simulated-client-is-apart"],
  ["src/mcp/tools.ts", 'import "../../client/src/sdk/connect.ts";', "worker-knows-no-sidecar"],
  ["src/mcp/tools.ts", 'import "./nowhere.ts";', "resolvable"],
];
const CIRCLE = { "src/mcp/one.ts": 'import "./two.ts";', "src/mcp/two.ts": 'import "./one.ts";' };
const TYPE_CIRCLE = {
  "src/mcp/three.ts": 'import type { B } from "./four.ts"; export type A = B;',
  "src/mcp/four.ts": 'import type { A } from "./three.ts"; export type B = A;',
};

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
  const files = { ...FILES, ...CIRCLE, ...TYPE_CIRCLE, ...Object.fromEntries(breaches) };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(tree, dirname(path)), { recursive: true });
    await writeFile(join(tree, path), `${text}\n`);
  }
  const cruiser = fromRoot("node_modules/.bin/depcruise");
  const config = fromRoot(".dependency-cruiser.mjs");
  const { stdout } = await run(
    process.execPath,
    [
      cruiser,
      "--config",
      config,
      "--output-type",
      "json",
      "src",
      "durable-objects",
      "packages",
      "sidecar",
      "client",
    ],
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

  it.each([
    ["values", CIRCLE],
    ["types", TYPE_CIRCLE],
  ])("refuses a circle of %s", (_kind, circle) => {
    expect(brokenBy(Object.keys(circle))).toContain("no-circles");
  });
});
