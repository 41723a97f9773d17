import { mandateHash } from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import { describe, expect, it } from "vitest";
import { anIntentRecord, START_MS } from "../../../../test/support/intent-record.ts";
import { aMandate } from "../../../../test/support/orders.ts";
import { openOrderStore } from "../journal/order-store.ts";
import { usageOf } from "../local-policy/local-rules.ts";
import { larger } from "./facts-at-decision.ts";
import { usageUnder } from "./make-pc-facts.ts";

describe("the value of an order", () => {
  it("is the larger of two, and unknown is larger than any number", () => {
    expect(larger("187.25", "190")).toBe("190");
    expect(larger("9", "10")).toBe("10");
    expect(larger(null, "190")).toBeNull();
    expect(larger("190", null)).toBeNull();
  });
});

describe("what went out under a mandate", () => {
  const mandate = aMandate();
  const hash = mandateHash(mandate);
  const store = (...notionals: (string | null)[]) => {
    const journal = openOrderStore(":memory:");
    for (const [n, notional] of notionals.entries()) {
      const record = anIntentRecord(n, { sent: true, mandate_hash: hash, notional });
      journal.insert({
        ...record,
        ticket: { ...record.ticket, notional },
      });
    }
    return journal;
  };

  it("is counted and summed over the last day", () => {
    const journal = store("187.25", "100");
    expect(usageUnder(journal, mandate, START_MS + 1)).toEqual({
      orders_today: 2,
      notional_today: "287.25",
    });
    const tomorrow = START_MS + 24 * 60 * 60_000;
    expect(usageUnder(journal, mandate, tomorrow)).toEqual({
      orders_today: 0,
      notional_today: "0",
    });
  });

  it("counts one that waited for its market from that opening on", () => {
    const journal = openOrderStore(":memory:");
    const DAY_MS = 24 * 60 * 60_000;
    const record = anIntentRecord(0, { sent: true, mandate_hash: hash, notional: "100" });
    const until = new Date(START_MS + 2 * DAY_MS).toISOString();
    const waits = { until, time_zone: null, session: null };
    journal.insert({ ...record, ticket: { ...record.ticket, notional: "100", waits } });
    for (const after of [1, DAY_MS + 1, 3 * DAY_MS - 1_000]) {
      expect(usageUnder(journal, mandate, START_MS + after).orders_today).toBe(1);
      expect(usageOf(journal, START_MS + after, null).ordersToday).toBe(1);
    }
    expect(usageUnder(journal, mandate, START_MS + 3 * DAY_MS).orders_today).toBe(0);
    expect(usageOf(journal, START_MS + 3 * DAY_MS, null).ordersToday).toBe(0);
    // The rate of sending is that of sending.
    expect(usageOf(journal, START_MS + DAY_MS, null).ordersLastMinute).toBe(0);
  });

  it("has an unknown value when one of them has: never zero", () => {
    expect(usageUnder(store("187.25", null), mandate, START_MS + 1)).toEqual({
      orders_today: 2,
      notional_today: null,
    });
  });
});
