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

/** A tool outside the scopes that a client is told to ask for first. */
export const BEYOND: { tool: string; args: Record<string, unknown>; scope: string } = {
  tool: "ibkr_currency_rate",
  args: { base: "EUR", quote: "USD" },
  scope: "ibkr:currency:read",
};

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
