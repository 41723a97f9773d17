import { describe, expect, it } from "vitest";
import { anIntentRecord, START_MS } from "../../../../test/support/intent-record.ts";
import { aLeg, anOrder } from "../../../../test/support/orders.ts";
import { type IntentRecord, notShownMark } from "../journal/intent-record.ts";
import { ORDER_LIMITS } from "../limits.ts";
import { withUnlistedOrders } from "./add-unlisted-orders.ts";

const sell = anOrder({ legs: [aLeg({ side: "SELL", quantity: "5" })] });
const account = "DU1234567";
const journal = (
  open: IntentRecord[],
  ended: IntentRecord[] = [],
  changed: IntentRecord | null = null,
) => ({
  open: () => open,
  endedSince: () => ended,
  byOrderId: () => changed,
});

describe("what this PC sent and nobody shows yet", () => {
  it("counts an exit that is on its way", () => {
    const record = anIntentRecord(0, { sent: true }, sell);
    expect(withUnlistedOrders([], journal([record]), account, START_MS)).toMatchObject([
      { order_ref: record.coid, side: "SELL", remaining: "5" },
    ]);
    expect(withUnlistedOrders([], journal([record]), "DU7654321", START_MS)).toEqual([]);
  });

  it("does not count it twice once the list shows it", () => {
    const record = anIntentRecord(0, { sent: true, state: "working" }, sell);
    const shown = withUnlistedOrders([], journal([record]), account, START_MS) ?? [];
    const listed = shown.map((fact) => ({ ...fact, foreign: false }));
    expect(withUnlistedOrders(listed, journal([record]), account, START_MS)).toEqual(listed);
  });

  describe("of an order in doubt", () => {
    const doubted = anIntentRecord(
      0,
      { sent: true, sent_at: START_MS, doubt_since: START_MS, state: "needs_owner", claimed: true },
      sell,
    );
    const marked = { ...doubted, told: [notShownMark(doubted)] };
    const counted = (record: IntentRecord, how?: "until_quiet") =>
      withUnlistedOrders([], journal([record]), account, START_MS, how)?.length;

    it("counts it until proved books have looked for it in vain over the quiet period", () => {
      expect(counted(doubted, "until_quiet")).toBe(1);
      expect(counted(marked, "until_quiet")).toBe(0);
    });

    it("counts it on where the position is not proved, and in a later doubt", () => {
      expect(counted(marked)).toBe(1);
      expect(counted({ ...marked, doubt_since: START_MS + 1 }, "until_quiet")).toBe(1);
      expect(counted({ ...marked, state: "working" }, "until_quiet")).toBe(1);
    });
  });

  describe("of the change of an order that no list shows any more", () => {
    const LONG_AGO = START_MS - 60_000;
    const numbered = (record: IntentRecord): IntentRecord => ({
      ...record,
      updated_at: LONG_AGO,
      orders: record.orders.map((order) => ({ ...order, order_id: "11" })),
    });
    const before = sell.legs[0];
    if (before === undefined) throw new Error("no leg");
    const target = {
      ...{ order_id: "11", order_ref: null, foreign: false, before, filled_quantity: "0" },
    };
    const changes = { sent: true, state: "working", action: "modify" } as const;
    const change = numbered(anIntentRecord(1, changes, { ...sell, action: "modify", target }));
    const placed = (over: Partial<IntentRecord>) =>
      numbered(anIntentRecord(0, { sent: true, sent_at: 1, ...over }, sell));
    const counted = (changed: IntentRecord, how?: "until_quiet", open = [change]) =>
      withUnlistedOrders([], journal(open, [], changed), account, START_MS, how)?.length;

    it("counts nothing once the order has ended, unless it ended so late that it may have filled", () => {
      const expired = placed({ state: "expired" });
      expect(counted(expired)).toBe(0);
      expect(counted({ ...expired, updated_at: START_MS })).toBe(1);
      expect(counted({ ...expired, account_id: "DU7654321" })).toBe(1);
      expect(counted(placed({ state: "working" }))).toBe(1);
    });

    it("counts as long as the order does that is in doubt, and a change in doubt for itself", () => {
      const doubted = placed({ state: "needs_owner", doubt_since: 1, claimed: true });
      const marked = { ...doubted, told: [notShownMark(doubted)] };
      expect(counted(doubted, "until_quiet")).toBe(1);
      expect(counted(marked)).toBe(1);
      expect(counted(marked, "until_quiet")).toBe(0);
      expect(counted(marked, "until_quiet", [{ ...change, state: "unknown" }])).toBe(1);
    });
  });

  it("counts what filled so late that the position may not hold it", () => {
    const filled = (updatedAt: number) => {
      const record = anIntentRecord(
        0,
        { sent: true, state: "filled", updated_at: updatedAt },
        sell,
      );
      const orders = record.orders.map((order) => ({
        ...order,
        state: "filled" as const,
        filled: "5",
      }));
      return { ...record, orders };
    };
    const late = withUnlistedOrders([], journal([], [filled(START_MS)]), account, START_MS);
    expect(late).toMatchObject([{ remaining: "5" }]);
    const long = filled(START_MS - ORDER_LIMITS.positionLagMs - 1);
    expect(withUnlistedOrders([], journal([], [long]), account, START_MS)).toEqual([]);
  });

  it("is unknown when a quantity is, or the list could not be read", () => {
    const byCash = anOrder({ legs: [aLeg({ quantity: null, cash_quantity: "100" })] });
    const record = anIntentRecord(0, { sent: true }, byCash);
    expect(withUnlistedOrders([], journal([record]), account, START_MS)).toBeNull();
    expect(withUnlistedOrders(null, journal([]), account, START_MS)).toBeNull();
  });
});
