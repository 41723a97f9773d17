import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import type { OperationName } from "@ibkr-edge-gateway/protocol/operation-schemas/registry.ts";
import { afterEach, describe, expect, it } from "vitest";
import { type BrokerRig, startRig } from "../support/broker.ts";

let rig: BrokerRig;
afterEach(async () => {
  await rig.close();
});

/** Everything but the session's own questions. */
const READS = "/^(?!\\/(iserver\\/auth|iserver\\/accounts|tickle|sso|portfolio\\/accounts)).*$/";

const QUESTIONS: [OperationName, JsonObject][] = [
  ["account.metadata", {}],
  ["account.summary", {}],
  ["account.ledger", {}],
  ["pnl.daily", {}],
  ["pnl.realtime", {}],
  ["pnl.partitioned", {}],
  ["portfolio.snapshot", {}],
  ["portfolio.allocation", {}],
  ["positions.list", {}],
  ["positions.list", { feed: "settled" }],
  ["contracts.search", { query: "AAPL" }],
  ["contracts.search", { query: "ES", asset_class: "FUT" }],
  ["contracts.resolve", { symbol: "AAPL" }],
  ["market.snapshot", { conids: [265598] }],
  ["market.bars", { conid: 265598, bar: "1d", period: "5d" }],
  ["market.session", { conid: 265598 }],
  ["market.holidays", { conid: 265598 }],
  ["currency.rate", { base: "EUR", quote: "USD" }],
  ["options.chain", { underlying_conid: 265598 }],
  ["options.greeks", { conids: [265598] }],
  ["scanner.codes", {}],
  ["scanner.run", { scan: "TOP_PERC_GAIN" }],
  ["orders.list", {}],
  ["orders.history", {}],
  ["orders.status", { order_id: "1" }],
  ["executions.list", {}],
  ["performance.get", {}],
  ["transactions.list", { conid: 265598 }],
  ["watchlists.list", {}],
  ["watchlists.get", { watchlist_id: "1" }],
  ["alerts.list", {}],
  ["alerts.get", { alert_id: "1" }],
  ["notifications.list", {}],
];

const NONSENSE = [
  "null",
  "7",
  '"words"',
  "[]",
  "{}",
  "[null]",
  "[[]]",
  '[{"conid":null}]',
  '{"error":"something else"}',
  '{"orders":[{}],"secdef":[{}],"data":[{}],"upnl":{"x":7},"schedules":{"x":1},"contracts":[{}]}',
];

const TYPED = new Set([
  "BROKER_RESPONSE_INVALID",
  "BROKER_BACKEND_UNAVAILABLE",
  "BROKER_CAPABILITY_UNAVAILABLE",
  "BROKER_RATE_LIMITED",
  "INPUT_INVALID",
  "INPUT_INVALID_CONTRACT",
  "INPUT_UNSUPPORTED_ASSET_CLASS",
  "INPUT_INVALID_TIME_RANGE",
  "HISTORICAL_BARS_UNAVAILABLE",
  "MARKET_DATA_UNAVAILABLE",
  "NOT_FOUND",
]);

/** Figures of an answer, wherever they stand. */
function figures(value: unknown, under = ""): [string, string][] {
  if (Array.isArray(value)) return value.flatMap((item) => figures(item, under));
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([key, item]) => figures(item, key));
  }
  return typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value) ? [[under, value]] : [];
}

describe("a broker that talks nonsense", () => {
  it.each(NONSENSE)(
    "%s: every operation fails with a type, or answers without inventing a figure",
    async (body) => {
      rig = await startRig({ behaviours: { limits: { enabled: false } } });
      await rig.ready();
      rig.sim.control.addFault({
        match: { path: READS },
        do: { action: "respond", status: 200, body },
        times: 0,
      });
      await rig.advance(2_000);
      for (const [operation, input] of QUESTIONS) {
        const outcome = await rig.run(operation, input);
        const name = `${operation} ${JSON.stringify(input)}`;
        if (outcome.failed !== undefined) {
          expect(TYPED, `${name}: ${outcome.failed.code}`).toContain(outcome.failed.code);
          continue;
        }
        // Profit and loss comes from the stream, which goes on talking sense.
        if (operation.startsWith("pnl.")) continue;
        const invented = figures(outcome.ok).filter(
          ([key]) => !/_id$|^(conid|query|watchlist)/.test(key),
        );
        expect(invented, name).toEqual([]);
      }
      expect(rig.broker.session().state).toBe("ready");
      expect(rig.log.join("\n")).not.toContain("unexpected");
    },
    60_000,
  );
});

it("of a broker that talks sense, no value is lost", async () => {
  rig = await startRig({ behaviours: { limits: { enabled: false } } });
  await rig.ready();
  for (const [operation, input] of QUESTIONS) await rig.run(operation, input);
  expect(rig.broker.unread()).toEqual([]);
}, 60_000);
