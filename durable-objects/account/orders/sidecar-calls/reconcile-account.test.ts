import type { OrderOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import type { Order } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-list.ts";
import { ordersReconcile } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-reconcile.ts";
import type { OrderEvidence } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { describe, expect, it } from "vitest";
import { ORDER_LIMITS } from "../../../../sidecar/src/orders/limits.ts";
import {
  ACCOUNT,
  type DeskRig,
  deskRig,
  outcome,
  settled,
} from "../../../../test/support/order-desk.ts";
import { lost } from "../../../../test/support/scripted-pc.ts";
import { tradingRig } from "../../../../test/support/trading-rig.ts";
import { orderAlarm } from "../alarm.ts";
import { QUIET_PERIOD_MS, QUIET_READS } from "../rules/outcomes/quiet-period.ts";
import { LOOK_AGAIN_MS, lookAgain, looksAgain } from "../rules/outcomes/read-book-once-more.ts";
import { noteCrossCheck } from "../tables/cross-checks.ts";
import { reconcileAllAt } from "../tables/intents/in-doubt.ts";
import { findIntent, insertIntent, type NewIntent } from "../tables/intents/rows.ts";
import { applyEvidence, settle } from "../transactions/settle.ts";
import { reconcileAccount } from "./reconcile-account.ts";

const COID = "ieg1-0123456789abcdef0123456789ab";

/** One order in doubt, beside a PC that reads its book like this. */
function inDoubt(
  row: { found: boolean; claimed?: boolean },
  book: () => Partial<Order>[] = () => [],
  /** What the PC's own journal says of the order; null: it never began it. */
  journal: () => OrderOutcome | null = () => null,
): DeskRig {
  const rig = deskRig((job, { clock }) => {
    if (job.operation === "order.status") {
      const as_of = new Date(clock.now).toISOString();
      return settled({ source: "simulator", as_of, intent: journal() });
    }
    const { order_refs } = ordersReconcile.input.parse(job.input);
    return settled({
      account_id: ACCOUNT,
      results: order_refs.map((order_ref) => ({
        order_ref,
        ...row,
        evidence: null,
        orders: [],
        executions: [],
      })),
      orders: book().map((one) => ({ ...AN_ORDER, ...one })),
      proved: true,
      source: "simulator",
      as_of: new Date(clock.now).toISOString(),
      age_ms: 0,
      served_from: "broker",
      notes: [],
    });
  });
  insertIntent(rig.parts.storage.sql, anIntent(rig));
  settle(rig.parts.storage, COID, { kind: "unknown" }, rig.clock.now, rig.parts.log);
  return rig;
}

function anIntent(rig: DeskRig): NewIntent {
  return {
    coid: COID,
    intent_hash: null,
    approval_id: null,
    preview_id: null,
    client_id: "client-1",
    broker_account: ACCOUNT,
    mode: "paper",
    action: "place",
    conid: 265598,
    side: "BUY",
    asset_class: "STK",
    quantity: "1",
    time_in_force: "DAY",
    economic_hash: "e",
    effect: "entry",
    job_id: "job-1",
    orders: 1,
    notional: "187.25",
    day: "2026-11-20",
    created_at: rig.clock.now,
  };
}

const AN_ORDER: Order = {
  account_id: ACCOUNT,
  order_id: "7001",
  order_ref: null,
  origin: "gateway",
  parent_id: null,
  oca_group: null,
  conid: 265598,
  symbol: "AAPL",
  asset_class: "STK",
  exchange: "SMART",
  currency: "USD",
  side: "buy",
  order_type: "Limit",
  limit_price: "180",
  stop_price: null,
  time_in_force: "DAY",
  outside_rth: false,
  quantity: "1",
  filled: "0",
  remaining: "1",
  average_price: null,
  status: "working",
  broker_status: "Submitted",
  reason: null,
  updated_at: null,
};

async function lookFor(rig: DeskRig, minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    rig.clock.now += 60_000;
    const told = await reconcileAccount(rig.parts, ACCOUNT);
    expect(told).toMatchObject({ ok: true, report: { looked_for: expect.any(Number) } });
  }
}
const stands = (rig: DeskRig) => findIntent(rig.parts.storage.sql, COID);

describe("an order that the PC ended without a word", () => {
  const inJournal = (rig: DeskRig, more: Partial<OrderOutcome>) =>
    outcome(
      { coid: COID, state: "rejected", proved_by: "reply_answer", ...more },
      null,
      rig.clock.now,
    );

  it("takes the end from the PC's journal, where it was written before the PC died", async () => {
    const rig = inDoubt({ found: false }, undefined, () => inJournal(rig, {}));
    settle(
      rig.parts.storage,
      COID,
      {
        kind: "outcome",
        outcome: inJournal(rig, { state: "awaiting_confirmation", proved_by: "submit_answer" }),
      },
      rig.clock.now,
      rig.parts.log,
    );
    expect(stands(rig)?.state).toBe("awaiting_confirmation");
    await lookFor(rig, 1);
    expect(stands(rig)?.state).toBe("rejected");
  });

  it("takes nothing that is not an end, and nothing from a PC that never began it", async () => {
    const open = inDoubt({ found: false }, undefined, () =>
      inJournal(open, { state: "working", proved_by: "live_orders" }),
    );
    const unknown = inDoubt({ found: false });
    for (const rig of [open, unknown]) {
      await lookFor(rig, 1);
      expect(stands(rig)?.state).toBe("reconciling");
    }
  });
});

describe("an order in doubt", () => {
  it("that the book shows under a status nobody understands is never absent", async () => {
    const rig = inDoubt({ found: true });
    await lookFor(rig, 30);
    expect(stands(rig)).toMatchObject({ state: "unknown", ledger: "reserved", seen: 1 });
    await lookFor(rig, 31);
    expect(stands(rig)).toMatchObject({ state: "needs_owner", ledger: "reserved" });
  });

  it("that the broker said it knows is never absent, but the owner's to look at", async () => {
    const rig = inDoubt({ found: false, claimed: true });
    await lookFor(rig, 90);
    expect(stands(rig)).toMatchObject({ state: "needs_owner", ledger: "reserved" });
  });

  it("that went to another PC than the one in use is never absent, but the owner's to look at", async () => {
    const rig = tradingRig();
    rig.pc.place = lost;
    const coid = (await rig.trade()).order?.order_ref ?? "";
    rig.presence.sidecarId = "sc_another";
    await lookFor(rig, 90);
    const at = () => findIntent(rig.parts.storage.sql, coid);
    expect(at()).toMatchObject({ state: "needs_owner", ledger: "reserved" });
    // The one that had the job says it by its own silence.
    const same = tradingRig();
    same.pc.place = lost;
    const other = (await same.trade()).order?.order_ref ?? "";
    await lookFor(same, 5);
    expect(findIntent(same.parts.storage.sql, other)).toMatchObject({ state: "rejected" });
  });

  it("is absent at the edge only after the PC's own quiet period, with a minute to spare", async () => {
    expect(QUIET_PERIOD_MS).toBeGreaterThanOrEqual(ORDER_LIMITS.quietPeriodMs + 60_000);
    const rig = inDoubt({ found: false, claimed: false });
    await lookFor(rig, 3);
    expect(stands(rig)).toMatchObject({ state: "reconciling", ledger: "reserved" });
    // However often it was looked for before: an exit beside it goes by this count alone.
    expect(stands(rig)?.absent_reads).toBe(QUIET_READS - 1);
    await lookFor(rig, 1);
    expect(stands(rig)).toMatchObject({ state: "rejected", ledger: "released" });
  });
});

describe("a reading that was slow", () => {
  const resurrections = (rig: DeskRig) =>
    rig.leaves.filter(({ meta }) => meta?.alert === "resurrected").length;
  const CANCELLED: OrderEvidence = {
    ...{ source: "order_stream", says: "cancelled", filled: "0", remaining: "1" },
    at: "2026-11-20T15:00:00.000Z",
  };
  /** The book as it was when it was asked; `meanwhile` comes to pass before its answer is heard. */
  function slow(meanwhile: (rig: DeskRig) => void) {
    let turn = 0;
    const says = { filled: "0", remaining: "1", at: "2026-11-20T15:00:00.000Z" } as const;
    const rig: DeskRig = deskRig((job, { clock }) => {
      if (job.operation !== "orders.reconcile") return lost();
      turn += 1;
      const { order_refs } = ordersReconcile.input.parse(job.input);
      asked.push(order_refs);
      if (turn === 1) {
        clock.now += 35_000;
        meanwhile(rig);
      }
      return settled({
        account_id: ACCOUNT,
        results: order_refs.map((order_ref) => ({
          order_ref,
          found: book !== "nothing",
          evidence: book === "nothing" ? null : { ...says, source: "live_orders", says: book },
          orders: [],
          executions: [],
        })),
        orders: book === "nothing" ? [] : [{ ...AN_ORDER, order_ref: COID }],
        proved: true,
        source: "simulator",
        as_of: new Date(clock.now).toISOString(),
        age_ms: 0,
        served_from: "broker",
        notes: [],
      });
    });
    const asked: string[][] = [];
    let book: "working" | "cancelled" | "nothing" = "working";
    const { storage, log } = rig.parts;
    insertIntent(storage.sql, anIntent(rig));
    const tell = (says_: "working" | "cancelled" | "filled") => {
      const evidence = { ...says, source: "order_stream", says: says_ } as const;
      applyEvidence(storage, COID, evidence, rig.clock.now, log);
    };
    const read = async () => {
      rig.clock.now += 1_000;
      expect(await reconcileAccount(rig.parts, ACCOUNT)).toMatchObject({ ok: true });
    };
    const shows = (what: typeof book) => {
      book = what;
    };
    return { rig, asked, tell, read, shows };
  }

  it("takes back no end that was learnt meanwhile, and is made again soon for that order", async () => {
    const one = slow(() => one.tell("cancelled"));
    one.tell("working");
    await one.read();
    expect(stands(one.rig)).toMatchObject({ state: "cancelled", ledger: "settled" });
    expect(resurrections(one.rig)).toBe(0);
    const { sql } = one.rig.parts.storage;
    const due = looksAgain(sql);
    expect(due).toEqual([{ account: ACCOUNT, dueAt: one.rig.clock.now + LOOK_AGAIN_MS }]);
    one.shows("cancelled");
    // The rest of what the alarm reads the book for is done.
    noteCrossCheck(sql, ACCOUNT, one.rig.clock.now);
    one.rig.clock.now += LOOK_AGAIN_MS - 1;
    await orderAlarm(one.rig.parts);
    expect(one.asked).toEqual([[COID]]);
    one.rig.clock.now += 1;
    await orderAlarm(one.rig.parts);
    expect(one.asked).toEqual([[COID], [COID]]);
    expect(stands(one.rig)?.state).toBe("cancelled");
    expect(looksAgain(sql)).toEqual([]);
    await one.read();
    expect(one.asked.at(-1)).toEqual([]);
  });

  it("is made again for each of many orders, and leaves room for those in doubt", async () => {
    const one = slow(() => undefined);
    const { storage, log } = one.rig.parts;
    const now = one.rig.clock.now;
    const ended = Array.from({ length: 60 }, (_, at) => `ieg1-${String(at).padStart(32, "0")}`);
    for (const coid of ended) {
      insertIntent(storage.sql, { ...anIntent(one.rig), coid, job_id: coid });
      applyEvidence(storage, coid, CANCELLED, now, log);
      lookAgain(storage.sql, { broker_account: ACCOUNT, coid }, now);
    }
    settle(storage, COID, { kind: "unknown" }, now, log);
    one.shows("cancelled");
    for (let reads = 0; reads < 3; reads += 1) await one.read();
    expect(one.asked[0]).toContain(COID);
    expect(new Set(one.asked.flat())).toEqual(new Set([COID, ...ended]));
    expect(looksAgain(storage.sql)).toEqual([]);
  });

  it("is believed the second time: an order that is alive after its end is told", async () => {
    const one = slow(() => one.tell("cancelled"));
    one.tell("working");
    await one.read();
    await one.read();
    expect(stands(one.rig)?.state).toBe("working");
    expect(resurrections(one.rig)).toBe(1);
  });

  it("ends no doubt that began after it, of an order that was seen before", async () => {
    const one = slow(({ parts, clock }) =>
      settle(parts.storage, COID, { kind: "unknown" }, clock.now, parts.log),
    );
    one.tell("working");
    await one.read();
    expect(stands(one.rig)?.state).toBe("unknown");
    await one.read();
    expect(stands(one.rig)?.state).toBe("working");
  });

  it("is no absence of what was let out, or came into doubt, after it", async () => {
    const one = slow(({ parts, clock }) =>
      settle(parts.storage, COID, { kind: "unknown" }, clock.now, parts.log),
    );
    const accepted = {
      source: "submit_answer",
      says: "accepted",
      filled: null,
      remaining: null,
      at: "2026-11-20T15:00:00.000Z",
    } as const;
    const { parts, clock } = one.rig;
    applyEvidence(parts.storage, COID, accepted, clock.now, parts.log);
    one.shows("nothing");
    await one.read();
    expect(stands(one.rig)).toMatchObject({ state: "reconciling", absent_reads: 0 });
    await one.read();
    expect(stands(one.rig)).toMatchObject({ state: "reconciling", absent_reads: 1 });
  });

  it("does not say that the order of a cancel stands, when the cancel is newer", async () => {
    const cancel = "ieg1-ffffffffffffffffffffffffffff";
    const state = () => findIntent(one.rig.parts.storage.sql, cancel)?.state;
    const one = slow(({ parts, clock }) => {
      const row = { ...anIntent(one.rig), coid: cancel, job_id: "job-2", withdraws: COID };
      insertIntent(parts.storage.sql, { ...row, action: "cancel", created_at: clock.now });
      settle(parts.storage, cancel, { kind: "unknown" }, clock.now, parts.log);
    });
    one.tell("working");
    await one.read();
    expect(state()).toBe("unknown");
    // It has no reference at the broker, so nothing is asked for under its own.
    await one.read();
    expect(one.asked.flat()).not.toContain(cancel);
    expect(state()).toBe("working");
  });

  it("with a job's outcome that was kept: takes back no end, and is looked into", async () => {
    const one = slow(() => {});
    one.tell("working");
    one.tell("cancelled");
    const { parts, clock } = one.rig;
    const kept = outcome(
      { coid: COID, state: "working", proved_by: "live_orders" },
      null,
      clock.now,
    );
    settle(parts.storage, COID, { kind: "outcome", outcome: kept }, clock.now, parts.log);
    expect(stands(one.rig)?.state).toBe("cancelled");
    expect(looksAgain(parts.storage.sql)).toHaveLength(1);
  });
});

describe("a withdrawal in doubt", () => {
  const CANCEL = "ieg1-ffffffffffffffffffffffffffff";
  const state = (rig: DeskRig) => findIntent(rig.parts.storage.sql, CANCEL)?.state;

  function withdrawing(withdraws: string, book: () => Partial<Order>[]): DeskRig {
    const rig = inDoubt({ found: true }, book);
    const { storage, log } = rig.parts;
    insertIntent(storage.sql, {
      ...anIntent(rig),
      coid: CANCEL,
      action: "cancel",
      job_id: "job-2",
      withdraws,
    });
    settle(storage, CANCEL, { kind: "unknown" }, rig.clock.now, log);
    return rig;
  }

  it.each([
    ["Cancelled", "cancelled"],
    ["Filled", "filled"],
    ["Submitted", "working"],
  ])("is settled by the order it was about: %s", async (broker_status, ended) => {
    const rig = withdrawing("7001", () => [{ broker_status }]);
    await lookFor(rig, 1);
    expect(state(rig)).toBe(ended);
    expect(nextLookOf(rig, CANCEL)).toBeNull();
  });

  it("is settled by our reference where the number was not known", async () => {
    const rig = withdrawing(COID, () => [{ order_ref: COID, broker_status: "Cancelled" }]);
    await lookFor(rig, 1);
    expect(state(rig)).toBe("cancelled");
  });

  it("of an order that the book does not show is looked for ever more rarely, and is the owner's in the end", async () => {
    const rig = withdrawing("9999", () => []);
    const before = rig.clock.now;
    await lookFor(rig, 1);
    expect(state(rig)).toBe("reconciling");
    expect(nextLookOf(rig, CANCEL)).toBeGreaterThan(before + 60_000);
    await lookFor(rig, 6);
    expect(state(rig)).toBe("needs_owner");
  });
});

const nextLookOf = (rig: DeskRig, coid: string) =>
  findIntent(rig.parts.storage.sql, coid)?.look_at ?? null;

it("a doubt is looked for however many orders stand beside it", async () => {
  const rig = inDoubt({ found: true }, () => []);
  const { sql } = rig.parts.storage;
  for (let n = 0; n < 80; n += 1) {
    insertIntent(sql, {
      ...anIntent(rig),
      coid: `ieg1-${String(n).padStart(28, "0")}`,
      job_id: `standing-${n}`,
      created_at: rig.clock.now - 100_000 - n,
    });
    sql.exec("UPDATE order_intents SET state = 'working' WHERE job_id = ?", `standing-${n}`);
  }
  const told = await reconcileAccount(rig.parts, ACCOUNT);
  expect(told.ok && told.report.orders.some(({ order_ref }) => order_ref === COID)).toBe(true);
});

it("a reconnect looks for what is not proved, and not for what is still being submitted", () => {
  const rig = inDoubt({ found: true });
  const { sql } = rig.parts.storage;
  insertIntent(sql, { ...anIntent(rig), coid: "ieg1-eeee", job_id: "job-3" });
  rig.clock.now += 1_000;
  reconcileAllAt(sql, rig.clock.now);
  expect(nextLookOf(rig, COID)).toBe(rig.clock.now);
  expect(nextLookOf(rig, "ieg1-eeee")).toBeNull();
});
