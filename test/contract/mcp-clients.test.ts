import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { READ_SCOPES } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { type LocalGateway, startLocalGateway } from "../../scripts/lib/local-gateway.ts";
import { TOOLS } from "../../src/mcp/catalogue.ts";
import { connectV1, connectV2 } from "../support/mcp-clients.ts";
import { Browser, signIn } from "../support/oauth-client.ts";

/**
 * Independent MCP clients through the whole product: each registers, gets the owner's consent and a
 * token by its own SDK, lists the tools (so that it checks every answer against the published
 * schema) and calls every one of them, down to the simulated broker and back.
 */
let directory: string;
let gateway: LocalGateway;
let browser: Browser;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "ibkr-edge-gateway-clients-"));
  gateway = await startLocalGateway({
    dataDir: join(directory, "data"),
    port: 0,
    broker: { kind: "simulator", port: 0, marketHours: "always" },
    onFailure: (why) => console.error(why),
    signal: new AbortController().signal,
  });
  browser = new Browser(gateway.url);
  await signIn(browser, gateway.ownerToken);
}, 120_000);
afterAll(async () => {
  await gateway?.close();
  await rm(directory, { recursive: true, force: true });
}, 30_000);

interface ToolAnswer {
  [key: string]: unknown;
  isError?: boolean | undefined;
  structuredContent?: unknown;
  content?: unknown;
}
interface OpenClient {
  call(name: string, args: Record<string, unknown>): Promise<ToolAnswer>;
  toolNames: string[];
  close(): Promise<void>;
}

const scope = READ_SCOPES.join(" ");

/** What that grant opens; the tools that prepare and send orders are called where orders are tried. */
const READ_TOOLS = TOOLS.filter(
  ({ scope: needs }) => needs === null || READ_SCOPES.some((granted) => granted === needs),
);

async function v2(era: "2026-07-28" | "legacy"): Promise<OpenClient> {
  const client = await connectV2(browser, scope, era);
  const { tools } = await client.listTools();
  return {
    call: (name, args) => client.callTool({ name, arguments: args }),
    toolNames: tools.map(({ name }) => name),
    close: () => client.close(),
  };
}

async function v1(): Promise<OpenClient> {
  const client = await connectV1(browser, scope);
  const { tools } = await client.listTools();
  return {
    call: (name, args) => client.callTool({ name, arguments: args }),
    toolNames: tools.map(({ name }) => name),
    close: () => client.close(),
  };
}

const CLIENTS: [name: string, open: () => Promise<OpenClient>][] = [
  ["SDK v2, 2026-07-28", () => v2("2026-07-28")],
  ["SDK v2, initialize", () => v2("legacy")],
  ["SDK v1", v1],
];

/** Apple, which the simulator knows by its real conid. */
const AAPL = 265598;

/** What a tool that needs arguments is called with; the others are called with none. */
const ARGUMENTS: Record<string, Record<string, unknown>> = {
  ibkr_contracts_search: { query: "AAPL" },
  ibkr_contract_resolve: { symbol: "AAPL", exchange: "NASDAQ" },
  ibkr_market_snapshot: { conids: [String(AAPL)], fields: ["last", "bid", "ask"] },
  ibkr_historical_bars: { conid: AAPL, bar: "1d", period: "1m" },
  ibkr_market_depth: { conid: AAPL },
  ibkr_market_session: { conid: AAPL },
  ibkr_market_holidays: { conid: AAPL },
  ibkr_currency_rate: { base: "EUR", quote: "USD" },
  ibkr_options_chain: { conid: AAPL, strikes: 2, right: "call" },
  ibkr_option_greeks: { conids: [] },
  ibkr_scanner_run: { scan: "TOP_PERC_GAIN", limit: 3 },
  ibkr_order_status: { order_id: "1" },
  ibkr_order_evidence: { order_ref: "ieg1-0123456789abcdef0123456789abcdef" },
  ibkr_transactions_list: { conid: AAPL },
};

/** A market that no exchange keeps is never shown without saying so. */
const LABEL = "Simulated market, open around the clock";

/** Where the simulated account cannot have an answer, the reason it must be given. */
const REFUSED: Record<string, string> = {
  ibkr_order_status: "NOT_FOUND",
  ibkr_order_evidence: "NOT_FOUND",
};

describe.each(CLIENTS)("%s", (_, open) => {
  it("(j) calls every tool, down to the simulated broker and back", async () => {
    const client = await open();
    expect(client.toolNames).toEqual(READ_TOOLS.map(({ name }) => name));
    const answers: Record<string, unknown> = {};
    for (const { name } of READ_TOOLS) {
      const args = argumentsFor(name, answers);
      const { isError = false, structuredContent, content } = await client.call(name, args);
      answers[name] = structuredContent;
      // A summary, and the data again: none of these clients is known to read the structure.
      expect(content, name).toEqual([
        { type: "text", text: expect.stringMatching(/^[A-Z].+\.$/s) },
        { type: "text", text: JSON.stringify(structuredContent) },
      ]);
      const refused = REFUSED[name];
      if (refused === undefined)
        expect([isError, structuredContent], name).toEqual([false, expect.anything()]);
      else expect([isError, structuredContent], name).toMatchObject([true, { code: refused }]);
    }
    expect(answers.ibkr_backend_status).toMatchObject({
      broker: { source: "simulator", market_note: LABEL },
    });
    expect(answers.ibkr_market_session).toMatchObject({ is_open: true, notes: [`${LABEL}.`] });
    expect(answers.ibkr_contract_resolve).toMatchObject({ contract: { conid: AAPL } });
    expect(answers.ibkr_market_snapshot).toMatchObject({
      quotes: [{ conid: AAPL }],
      notes: expect.arrayContaining([`${LABEL}.`]),
    });
    expect(await (await browser.get("/")).text()).toContain(LABEL);
    await client.close();
  }, 120_000);
});

/** Some tools are asked about what an earlier one answered. */
function argumentsFor(name: string, answers: Record<string, unknown>): Record<string, unknown> {
  if (name === "ibkr_option_greeks") return { conids: conidsOf(answers.ibkr_options_chain) };
  if (name === "ibkr_limits_status") return { account_id: accountOf(answers.ibkr_positions_list) };
  return ARGUMENTS[name] ?? {};
}

function accountOf(positions: unknown): string {
  return z.object({ account_id: z.string() }).parse(positions).account_id;
}

function conidsOf(chain: unknown): number[] {
  const { contracts } = OptionChain.parse(chain);
  const at = contracts.columns.indexOf("conid");
  return contracts.rows.slice(0, 2).map((row) => z.int().parse(row[at]));
}

const OptionChain = z.object({
  contracts: z.object({ columns: z.array(z.string()), rows: z.array(z.array(z.unknown())).min(2) }),
});
