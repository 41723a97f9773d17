import { expect } from "vitest";

/** Apple, which the simulator knows by its real conid. */
const AAPL = 265598;

const DECIMAL = /^\d+(\.\d+)?$/;

/** What every client asks for: the gateway, the broker's contracts and a quote. */
export const CALLS: [tool: string, args: Record<string, unknown>][] = [
  ["ibkr_backend_status", {}],
  ["ibkr_contract_resolve", { symbol: "AAPL", exchange: "NASDAQ" }],
  ["ibkr_market_snapshot", { conids: [String(AAPL)], fields: ["last", "bid", "ask"] }],
];

/** What is refused, and the reason that must reach the client. */
export const REFUSED: { tool: string; args: Record<string, unknown>; code: string } = {
  tool: "ibkr_historical_bars",
  args: { conid: 1, bar: "1d", period: "1m" },
  code: "HISTORICAL_BARS_UNAVAILABLE",
};

/** What an order begins with, which the choice to read does not give. */
export const PREVIEW: { tool: string; args: Record<string, unknown>; scope: string } = {
  tool: "ibkr_order_preview",
  args: {
    account_id: "DU4815162",
    conid: AAPL,
    side: "BUY",
    order_type: "LMT",
    quantity: "1",
    limit_price: "1",
  },
  scope: "ibkr:orders:preview",
};

/**
 * A preview that was let through to the rules of orders, whatever those or the broker say at this
 * moment: several clients ask one broker login, which may have had enough of them.
 */
export function expectPreviewed(answer: unknown): void {
  const busy = { code: "BROKER_RATE_LIMITED" };
  expect(answer).toMatchObject(isBusy(answer) ? busy : { outcome: expect.any(String) });
}

const isBusy = (answer: unknown) =>
  typeof answer === "object" &&
  answer !== null &&
  "code" in answer &&
  answer.code === "BROKER_RATE_LIMITED";

/** Where an answer says that the owner can allow more. */
export function linkIn(text: string): URL {
  const [link = ""] = /https?:\/\/[^\s"\\]+\/clients\/access\?id=[^\s"\\]+/.exec(text) ?? [];
  expect(link, text.slice(0, 600)).not.toBe("");
  return new URL(link);
}

/** The structured contents of `CALLS`, which came down to the simulated broker and back. */
export function expectAnswers(answers: unknown[]): void {
  expect(answers).toMatchObject([
    { broker: { source: "simulator" } },
    { contract: { conid: AAPL, symbol: "AAPL" } },
    { quotes: [{ conid: AAPL, values: { last: expect.stringMatching(DECIMAL) } }] },
  ]);
}

/** The same calls as the wire names them. */
export const CALLS_ON_THE_WIRE: string[] = CALLS.map(([tool]) => `tools/call ${tool}`);
