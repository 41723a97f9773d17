import { describe, expect, it } from "vitest";
import { anIntentRecord, START_MS } from "../../../../test/support/intent-record.ts";
import { aBracket, aLeg, anOrder, NOW } from "../../../../test/support/orders.ts";
import { OrderRow } from "../../client-portal/endpoints/orders.ts";
import type { IntentRecord } from "../journal/intent-record.ts";
import { notShownMark } from "../journal/intent-record.ts";
import { openOrderStore } from "../journal/order-store.ts";
import { ORDER_LIMITS } from "../limits.ts";
import { applyFinding } from "./apply-finding.ts";
import type { BookView } from "./book-evidence.ts";
import type { BookRead } from "./order-book-read.ts";
import { startDoubt, stillInDoubt } from "./orders-in-doubt.ts";
import { readEnded, readSoon } from "./plan-book-read.ts";
import { see, settleFromBook } from "./settle-from-book.ts";
import { attempt, beginTracking, coidOfRow, end, intentOf } from "./tracking-draft.ts";
import { dueAt, NOTHING_TRACKED, type TrackingEnv, type TrackingState } from "./tracking-state.ts";
import { trackingStep } from "./tracking-step.ts";
import { checkAcceptance, statusesRead } from "./watch-acceptance.ts";

const account = "DU1234567";

function rig(records: IntentRecord[], over: Partial<TrackingEnv> = {}) {
  const journal = openOrderStore(":memory:");
  for (const record of records) {
    journal.insert(record);
    journal.save(record);
  }
  const env: TrackingEnv = {
    now: START_MS,
    source: "simulator",
    ready: true,
    accounts: [account],
    streamed: () => null,
    journal,
    ...over,
  };
  return {
    env,
    journal,
    draft: (state: TrackingState = NOTHING_TRACKED) => beginTracking(state, env),
  };
}

const book = (orders: object[], over: Partial<BookRead> = {}): BookRead => ({
  orders: orders.map((row) => OrderRow.parse({ account, ...row })),
  trades: [],
  source: "live_orders",
  at: NOW,
  proved: true,
  startedAt: START_MS,
  ...over,
});

const reading: TrackingState = {
  ...NOTHING_TRACKED,
  reading: { startedAt: START_MS, everything: true },
};

describe("one step of the tracking", () => {
  const accepted = anIntentRecord(0, { state: "accepted", sent: true, sent_at: START_MS });

  it("plans its looks from what was watched, and wakes for the first of them", () => {
    const { env } = rig([accepted]);
    const watched = trackingStep(NOTHING_TRACKED, { kind: "watch", coid: accepted.coid }, env);
    expect(dueAt(watched.state)).toBe(START_MS + ORDER_LIMITS.seenLooksMs[0]);
    expect(dueAt(NOTHING_TRACKED)).toBeNull();
  });

  it("checks everything that is open, and reads the whole book", () => {
    const doubtful = anIntentRecord(1, { state: "unknown", sent: true });
    const { env } = rig([accepted, doubtful]);
    const checked = trackingStep(NOTHING_TRACKED, { kind: "check_all" }, env);
    expect([...checked.state.watches.keys()]).toEqual([accepted.coid]);
    expect([...checked.state.doubts.keys()]).toEqual([doubtful.coid]);
    expect(checked.effects).toEqual([{ kind: "read_book", accountIds: [account] }]);
    expect(checked.state.crossCheckAt).toBe(START_MS + ORDER_LIMITS.crossCheckMs);
  });
});

describe("a look for an accepted order", () => {
  const accepted = anIntentRecord(0, { state: "accepted", sent: true, sent_at: START_MS });

  it("asks the list at once without a stream, and at the third look with one", () => {
    const empty: BookView = { ...book([]), source: "order_stream", startedAt: null };
    for (const [streamed, turn, reads] of [
      [() => null, 0, true],
      [() => empty, 0, false],
      [() => empty, 2, true],
    ] as const) {
      const draft = rig([accepted], { streamed }).draft();
      const intent = intentOf(draft, accepted.coid);
      if (intent !== null) checkAcceptance(draft, intent, turn);
      expect(draft.acts.some(({ kind }) => kind === "read_book")).toBe(reads);
      expect(draft.watches.get(accepted.coid)?.turn).toBe(turn + 1);
    }
  });

  it("doubts the acceptance when nothing was seen in time", () => {
    const draft = rig([accepted], { now: START_MS + ORDER_LIMITS.seenWithinMs }).draft();
    const intent = intentOf(draft, accepted.coid);
    if (intent !== null) checkAcceptance(draft, intent, 5);
    expect(intent?.record.state).toBe("unknown");
    expect(draft.doubts.has(accepted.coid)).toBe(true);
    expect(draft.watches.has(accepted.coid)).toBe(false);
  });

  it("reads a bracket's exits one by one, and keeps what changed meanwhile", () => {
    const orders = anIntentRecord(0, {}, aBracket()).orders.map((order, index) => ({
      ...order,
      order_id: String(11 + index),
    }));
    const bracket = anIntentRecord(0, { state: "accepted", sent: true, orders }, aBracket());
    const draft = rig([bracket]).draft();
    const intent = intentOf(draft, bracket.coid);
    if (intent === null) throw new Error("no intent");
    checkAcceptance(draft, intent, 0);
    expect(draft.acts).toMatchObject([{ kind: "read_statuses", orderIds: ["11", "12", "13"] }]);
    const going = { coid: bracket.coid, turn: 0, streamless: false };
    const status = { status: "Submitted", filled: "0", remaining: "10" };
    const statuses = [{ orderId: "13", status }];
    statusesRead(draft, going, bracket.version + 1, statuses);
    expect(intent.record.orders[2]?.state).toBe("submitting");
    statusesRead(draft, going, bracket.version, statuses);
    expect(intent.record.orders[2]).toMatchObject({ state: "working", remaining: "10" });
  });
});

describe("a doubt", () => {
  const sentAt = START_MS - ORDER_LIMITS.quietPeriodMs;
  const doubtful = anIntentRecord(0, {
    state: "reconciling",
    sent: true,
    sent_at: sentAt,
    doubt_since: sentAt,
  });
  const { coid } = doubtful;
  const blank = (reads: number): TrackingState => ({
    ...reading,
    doubts: new Map([[coid, { looks: 3, blank: reads, dueAt: null }]]),
  });
  const after = (state: TrackingState, view: BookRead, startedAt = START_MS) => {
    const draft = rig([doubtful]).draft(state);
    const intent = intentOf(draft, coid);
    if (intent === null) throw new Error("no intent");
    stillInDoubt(draft, intent, view, startedAt);
    return intent.record;
  };

  it("ends as absent by the third proved read in a row, begun after the quiet period", () => {
    expect(after(blank(2), book([]))).toMatchObject({
      state: "rejected",
      proved_by: "quiet_period",
    });
    expect(after(blank(1), book([])).state).toBe("reconciling");
  });

  it("does not end by a read that began before, nor by an unproved one", () => {
    expect(after(blank(9), book([]), START_MS - 1).state).toBe("reconciling");
    expect(after(blank(9), book([], { proved: false })).state).toBe("reconciling");
  });

  it("never ends as absent once the order was seen", () => {
    const row = { orderId: "11", order_ref: coid, status: "Mysterious" };
    expect(after(blank(9), book([row]))).toMatchObject({ state: "reconciling", claimed: true });
  });

  it("notes that proved books did not show what may not be called absent, until one shows it", () => {
    const claimed = { ...doubtful, claimed: true };
    const looked = (record: typeof claimed, view: BookRead, reads = 2) => {
      const draft = rig([record]).draft(blank(reads));
      const intent = intentOf(draft, coid);
      if (intent === null) throw new Error("no intent");
      stillInDoubt(draft, intent, view, START_MS);
      return intent.record;
    };
    const mark = notShownMark(claimed);
    const noted = looked(claimed, book([]));
    expect(noted).toMatchObject({ state: "needs_owner", told: expect.arrayContaining([mark]) });
    expect(looked(claimed, book([]), 1).told).not.toContain(mark);
    expect(looked(claimed, book([], { proved: false })).told).not.toContain(mark);
    const row = { orderId: "11", order_ref: coid, status: "Mysterious" };
    expect(looked({ ...claimed, told: noted.told }, book([row])).told).not.toContain(mark);
  });

  it("takes its note along when it ends: the clock may be set back before the next one", () => {
    const claimed = { ...doubtful, claimed: true };
    const marked = { ...claimed, told: [notShownMark(claimed)] };
    const row = { orderId: "11", order_ref: coid, status: "Submitted" };
    const { draft } = rig([marked], { now: START_MS });
    const intent = intentOf(draft(), coid);
    if (intent === null) throw new Error("no intent");
    applyFinding(draft(), intent, book([row]));
    expect(intent.record).toMatchObject({ state: "working", told: [] });
  });

  it("that is being looked at already is not begun again", () => {
    const draft = rig([doubtful]).draft();
    startDoubt(draft, coid);
    draft.doubts.set(coid, { looks: 1, blank: 1, dueAt: START_MS + 10_000 });
    startDoubt(draft, coid);
    expect(draft.doubts.get(coid)?.dueAt).toBe(START_MS + 10_000);
  });
});

describe("a read of the book", () => {
  const working = anIntentRecord(0, { state: "working", sent: true, proved_by: "live_orders" });

  it("is one at a time: who comes meanwhile gets the next", () => {
    const draft = rig([working]).draft();
    readSoon(draft, false);
    readSoon(draft, true);
    expect(draft.acts).toHaveLength(1);
    readEnded(draft);
    expect(draft.acts).toHaveLength(2);
    expect(draft.reading?.everything).toBe(true);
  });

  it("is not begun while the session is not ready", () => {
    const draft = rig([working], { ready: false }).draft();
    readSoon(draft, true);
    expect(draft).toMatchObject({ acts: [], reading: null, wholeBook: true });
  });

  it("leaves what is in a conversation alone", () => {
    const asked = anIntentRecord(0, { state: "awaiting_confirmation", sent: true });
    const draft = rig([asked]).draft({ ...reading, reading: { startedAt: 0, everything: false } });
    settleFromBook(draft, account, book([]));
    expect(end(draft).writes).toEqual([]);
  });

  it("makes no doubt by missing an order once, and one by missing it three times", () => {
    const { env } = rig([working]);
    let state: TrackingState = reading;
    const states = [1, 2, 3].map(() => {
      const step = trackingStep(
        state,
        { kind: "book_read", accountId: account, book: book([]) },
        env,
      );
      state = step.state;
      return step.writes.at(-1)?.state;
    });
    expect(states).toEqual([undefined, undefined, "unknown"]);
  });

  it("lets a day order of an earlier day expire that the list does not have any more", () => {
    const now = START_MS + ORDER_LIMITS.dayOrderMs + 1;
    const draft = rig([working], { now }).draft({
      ...reading,
      misses: new Map([[working.coid, ORDER_LIMITS.quietReads - 1]]),
    });
    settleFromBook(draft, account, book([]));
    expect(intentOf(draft, working.coid)?.record.state).toBe("expired");
  });

  it("lets no order expire while the session that it waits for is still to come", () => {
    const until = new Date(START_MS + 3 * 24 * 3_600_000).toISOString();
    const waits = { until, time_zone: null, session: null };
    const waiting = { ...working, ticket: { ...working.ticket, waits } };
    const missedAt = (now: number) => {
      const draft = rig([waiting], { now }).draft({
        ...reading,
        misses: new Map([[waiting.coid, ORDER_LIMITS.quietReads - 1]]),
      });
      settleFromBook(draft, account, book([]));
      return intentOf(draft, waiting.coid)?.record.state;
    };
    expect(missedAt(START_MS + ORDER_LIMITS.dayOrderMs + 1)).toBe("unknown");
    expect(missedAt(Date.parse(until) + ORDER_LIMITS.dayOrderMs + 1)).toBe("expired");
  });

  it("tells once of an order that bears our mark and was never sent from here", () => {
    const { env } = rig([]);
    const row = { orderId: "99", order_ref: "ieg1-stranger", status: "Submitted" };
    const input = { kind: "book_read", accountId: account, book: book([row]) } as const;
    const first = trackingStep(reading, input, env);
    expect(first.effects).toMatchObject([
      { kind: "tell", event: { payload: { alert: "unexplained_order", cancel_offered: ["99"] } } },
      { kind: "push" },
    ]);
    expect(trackingStep(first.state, input, env).effects).toEqual([]);
  });
});

describe("a view of the book", () => {
  const cancelled = anIntentRecord(0, {
    state: "cancelled",
    sent: true,
    proved_by: "live_orders",
    updated_at: START_MS,
  });
  const row = { orderId: "11", order_ref: cancelled.coid, status: "Submitted" };

  it("overturns a proved end only when it was read after it", () => {
    for (const [startedAt, state, looks] of [
      [null, "cancelled", true],
      [START_MS, "cancelled", true],
      [START_MS + 1, "working", false],
    ] as const) {
      const draft = rig([cancelled]).draft();
      const intent = intentOf(draft, cancelled.coid);
      if (intent !== null) applyFinding(draft, intent, book([row], { startedAt }));
      expect(intent?.record.state).toBe(state);
      expect(draft.overturnLookAt !== null).toBe(looks);
    }
  });

  it("takes back no part's end, nor what has filled, when it is older", () => {
    const known = anIntentRecord(0, { sent: true, updated_at: START_MS }, aBracket());
    const row = (orderId: string, parentId: string | null) => ({
      orderId,
      parentId,
      order_ref: parentId === null ? known.coid : null,
      status: "Submitted",
      filledQuantity: "0",
      remainingQuantity: "10",
      orderType: orderId === "13" ? "Stop" : "Limit",
    });
    const record: IntentRecord = {
      ...known,
      state: "partially_filled",
      orders: known.orders.map((order, at) => ({
        ...order,
        order_id: String(11 + at),
        state: at === 0 ? "partially_filled" : "cancelled",
        filled: at === 0 ? "4" : "0",
        remaining: at === 0 ? "6" : "0",
      })),
    };
    const view = [row("11", null), row("12", "11"), row("13", "11")];
    const after = (startedAt: number | null) => {
      const draft = rig([record]).draft();
      const intent = intentOf(draft, record.coid);
      if (intent !== null) applyFinding(draft, intent, book(view, { startedAt }));
      const orders = intent?.record.orders.map(({ state, filled }) => [state, filled]);
      return { orders, looks: draft.overturnLookAt !== null };
    };
    for (const older of [null, START_MS]) {
      expect(after(older)).toEqual({
        orders: [
          ["partially_filled", "4"],
          ["cancelled", "0"],
          ["cancelled", "0"],
        ],
        looks: true,
      });
    }
    expect(after(START_MS + 1)).toEqual({
      orders: [
        ["working", "0"],
        ["working", "0"],
        ["working", "0"],
      ],
      looks: false,
    });
  });

  it("misses no order that left after it began", () => {
    const sent = anIntentRecord(0, { state: "working", sent: true, sent_at: START_MS + 1 });
    const draft = rig([sent]).draft({
      ...reading,
      misses: new Map([[sent.coid, ORDER_LIMITS.quietReads - 1]]),
    });
    settleFromBook(draft, account, book([]));
    expect(intentOf(draft, sent.coid)?.record.state).toBe("working");
  });

  it("finds the intent of a row by reference, id or parent, also one learnt in this step", () => {
    const bracket = anIntentRecord(1, { sent: true }, aBracket());
    const draft = rig([bracket]).draft();
    const none = { order_ref: null, orderId: null, parentId: null };
    expect(coidOfRow(draft, { ...none, order_ref: bracket.coid })).toBe(bracket.coid);
    expect(coidOfRow(draft, { ...none, parentId: "11" })).toBeNull();
    see(draft, book([{ orderId: "11", order_ref: bracket.coid, status: "Submitted" }]));
    expect(coidOfRow(draft, { ...none, parentId: "11" })).toBe(bracket.coid);
  });

  it("that cannot be judged for one order holds up no other", () => {
    const record = anIntentRecord(0, { state: "working", sent: true });
    const draft = rig([record]).draft();
    const held = attempt(draft, record.coid, (intent) => {
      intent.record = { ...record, claimed: true };
      intent.changed = true;
      throw new Error("a row that makes no sense");
    });
    expect(held).toBe(false);
    expect(end(draft)).toMatchObject({ writes: [], effects: [{ kind: "log", level: "error" }] });
  });
});

describe("a change that held, of an order that proved books do not show any more", () => {
  const leg = aLeg({ side: "SELL", quantity: "5" });
  const after = (sentAt: number) => {
    const target = {
      ...{ order_id: "11", order_ref: null, foreign: true, before: leg, filled_quantity: "0" },
    };
    const stood = anIntentRecord(
      0,
      {
        ...{ action: "modify", state: "working", sent: true, sent_at: sentAt },
        ...{ created_at: sentAt, updated_at: sentAt },
      },
      anOrder({ action: "modify", target, legs: [leg] }),
    );
    const { env, journal } = rig([stood]);
    let state = reading;
    for (let read = 0; read < ORDER_LIMITS.quietReads; read += 1) {
      const input = { kind: "book_read", accountId: account, book: book([]) } as const;
      const step = trackingStep(state, input, env);
      if (step.writes.length > 0) journal.save(...step.writes);
      state = step.state;
    }
    return { state: journal.intent(stood.coid)?.state, dueAt: dueAt(state) };
  };

  it("ends with the day of that order, and goes on before without looks of its own", () => {
    expect(after(START_MS - ORDER_LIMITS.dayOrderMs - 1).state).toBe("expired");
    expect(after(START_MS - ORDER_LIMITS.dayOrderMs)).toEqual({ state: "working", dueAt: null });
  });
});
