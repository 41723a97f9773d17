import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Ask } from "../portal-interface.ts";
import { readAuthStatus, readPrime, readSso, readTickle } from "../session/read-auth.ts";
import { readFrame } from "../stream/frames.ts";
import { accountMeta, brokerageAccounts, portfolioAccounts } from "./accounts.ts";
import { alertDetail, alertsOf } from "./alerts.ts";
import { allocationOf } from "./allocation.ts";
import { performanceOf, transactionsOf } from "./analyst.ts";
import { portfolioLedger, portfolioSummary } from "./balances.ts";
import { contractFacts, futuresOf, searchContracts } from "./contracts.ts";
import { exchangeRate } from "./currency.ts";
import { historyOf } from "./history.ts";
import { notices, unreadNotices } from "./notices.ts";
import { optionInfo, strikesOf } from "./option-contracts.ts";
import { orderStatus } from "./order-status.ts";
import { liveOrders } from "./orders.ts";
import { pnlPartitioned } from "./pnl.ts";
import { realtimePositions, settledPositions } from "./positions.ts";
import { snapshotLook } from "./quotes.ts";
import { scannerRun } from "./scanner.ts";
import { trades } from "./trades.ts";
import { tradingSchedule } from "./trading-schedule.ts";
import { watchlist, watchlists } from "./watchlists.ts";

const A = "DU1234567";

const decoders: [string, (json: unknown) => unknown][] = (
  [
    portfolioAccounts,
    accountMeta(A),
    brokerageAccounts,
    alertsOf(A),
    alertDetail("1"),
    allocationOf(A),
    performanceOf(A, "1M"),
    transactionsOf({ accountId: A, conid: 1, currency: "USD", days: 1 }),
    portfolioSummary(A),
    portfolioLedger(A),
    contractFacts([1]),
    futuresOf("ES"),
    searchContracts({ text: "X", byName: false }),
    exchangeRate("EUR", "USD"),
    historyOf({ conid: 1, bar: "1d", period: "1d", outsideRth: false }),
    notices(10),
    unreadNotices,
    strikesOf(1, "OPT", "APR26"),
    optionInfo({ conid: 1, secType: "OPT", month: "APR26", strike: "1", right: "C" }),
    orderStatus("1"),
    liveOrders(),
    pnlPartitioned,
    realtimePositions(A),
    settledPositions(A, 0),
    snapshotLook([1], ["31"]),
    scannerRun({ instrument: "STK", type: "X", location: "Y", filter: [] }),
    tradingSchedule(1),
    trades(1),
    watchlist("1"),
    watchlists,
  ] satisfies Pick<Ask<unknown>, "name" | "decode">[]
).map(({ name, decode }) => [name, decode]);

/** Anything JSON can hold, with the keys the broker uses among it. */
const KEYS = [
  "conid",
  "position",
  "orders",
  "accounts",
  "data",
  "upnl",
  "secdef",
  "schedules",
  "conditions",
  "31",
  "args",
  "topic",
  "call",
  "USD",
  "transactions",
  "contracts",
  "instruments",
  "nav",
];
const anything = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(null, true, false, "", "0", "C8.01", "1,200", -1, 0, 1e300, "20260230"),
    fc.double(),
    fc.string(),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...KEYS), fc.string({ maxLength: 6 })), tie("value"), {
      maxKeys: 6,
    }),
  ),
})).value;

describe("decoders", () => {
  it.each(decoders)("%s: whatever comes is decoded or refused with a type", (_name, decode) => {
    fc.assert(
      fc.property(anything, (json) => {
        try {
          decode(json);
        } catch (error) {
          expect(error).toBeInstanceOf(GatewayError);
        }
      }),
      { seed: 20261120, numRuns: 300 },
    );
  });

  it("the session's own readers and the stream's frames never throw", () => {
    fc.assert(
      fc.property(anything, fc.string(), (json, noise) => {
        for (const read of [readAuthStatus, readTickle, readSso, readPrime]) read(json);
        readFrame(JSON.stringify(json));
        readFrame(noise);
      }),
      { seed: 20261120, numRuns: 1_000 },
    );
  });

  it("keys that a prototype has are only keys", () => {
    const hostile = JSON.parse(
      '{"__proto__":{"amount":1},"constructor":{"amount":2,"currency":"USD"},"USD":{"cashbalance":1}}',
    );
    expect(portfolioSummary(A).decode(hostile).get("netliquidation")).toBeUndefined();
    expect(portfolioLedger(A).decode(hostile).get("USD")?.cashbalance).toBe("1");
    expect(({} as { amount?: unknown }).amount).toBeUndefined();
  });
});
