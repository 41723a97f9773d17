import { isInDoubt, isTerminal } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import {
  anIntentRecord,
  handClock,
  noLog,
  settled,
} from "../../../../test/support/intent-record.ts";
import { isoTime } from "../../client-portal/clock.ts";
import { OrderRow } from "../../client-portal/endpoints/orders.ts";
import type { BrokerEvent } from "../../client-portal/events/broker-event.ts";
import type { IntentRecord } from "../journal/intent-record.ts";
import { type OrderStore, openOrderStore } from "../journal/order-store.ts";
import { ORDER_LIMITS } from "../limits.ts";
import type { BookView } from "./book-evidence.ts";
import type { BookRead } from "./order-book-read.ts";
import { createProgress } from "./progress.ts";
import { createTracking, type Tracking } from "./tracking.ts";

/**
 * Any book a broker may show, early, late, stale or not at all, and a PC that dies before or after
 * any write of its journal, against the promises: an order is called absent only when it is; what has
 * ended stays ended whatever an old view shows; what is told is in the journal before, and told once;
 * one read at a time; and with an honest book the journal comes to say what the broker says.
 */
type Truth = "in flight" | "working" | "partly" | "filled" | "cancelled" | "never" | "gone";

/** An order whose request has ended lands within this time, or never. */
const LANDS_WITHIN_MS = 60_000;

/** `blind`: proved, and for once without the orders that stood. */
type Read = "honest" | "unproved" | "blind" | "failed";

type Action =
  /** The answer said that it was taken, or was lost. */
  | { do: "order"; how: "accepted" | "unknown"; lands: boolean }
  | { do: "land"; at: number }
  | { do: "move"; at: number; to: "partly" | "filled" | "cancelled" | "gone" }
  | { do: "stream"; stale: boolean }
  | { do: "read"; how: Read }
  /** The book shows the order in a state that nobody knows. */
  | { do: "odd"; at: number; on: boolean }
  | { do: "streaming"; on: boolean }
  | { do: "ready"; on: boolean }
  | { do: "wait"; ms: number }
  | { do: "crash" | "disk full"; writes: number; before: boolean; fails: number }
  | { do: "restart" };

const anyAction: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("order" as const),
      how: fc.constantFrom("accepted" as const, "unknown" as const),
      lands: fc.nat(3).map((n) => n > 0),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("land" as const), at: fc.nat(2) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("move" as const),
      at: fc.nat(2),
      to: fc.constantFrom(
        "partly" as const,
        "filled" as const,
        "cancelled" as const,
        "gone" as const,
      ),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("stream" as const), stale: fc.boolean() }) },
  {
    weight: 20,
    arbitrary: fc.record({
      do: fc.constant("read" as const),
      how: fc.constantFrom(
        "honest" as const,
        "honest" as const,
        "honest" as const,
        "blind" as const,
        "unproved" as const,
        "failed" as const,
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("streaming" as const), on: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("odd" as const), at: fc.nat(2), on: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("ready" as const),
      on: fc.nat(2).map((n) => n > 0),
    }),
  },
  {
    weight: 16,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      ms: fc.constantFrom(700, 2_000, 15_000, 20_000, 61_000, 120_000, 601_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom("crash" as const, "disk full" as const),
      writes: fc.nat(2),
      before: fc.boolean(),
      fails: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ do: "restart" as const }) },
);

/** Turns of events that chance alone would seldom take. */
const STORIES: Record<string, Action[]> = {
  "a list that fails while an order lands": [
    { do: "order", how: "unknown", lands: true },
    { do: "wait", ms: 700 },
    { do: "read", how: "honest" },
    { do: "wait", ms: 15_000 },
    { do: "read", how: "honest" },
    { do: "wait", ms: 20_000 },
    { do: "read", how: "honest" },
    ...Array.from({ length: 5 }, (): Action[] => [
      { do: "wait", ms: 61_000 },
      { do: "read", how: "unproved" },
    ]).flat(),
  ],
  "a read that began before the end": [
    { do: "order", how: "accepted", lands: true },
    { do: "land", at: 0 },
    { do: "stream", stale: false },
    { do: "ready", on: false },
    { do: "ready", on: true },
    { do: "move", at: 0, to: "cancelled" },
    { do: "stream", stale: false },
    { do: "read", how: "honest" },
  ],
  "an order in an odd state that vanishes": [
    { do: "order", how: "unknown", lands: true },
    { do: "land", at: 0 },
    { do: "odd", at: 0, on: true },
    { do: "wait", ms: 700 },
    { do: "read", how: "honest" },
    { do: "move", at: 0, to: "gone" },
  ],
  "a disk that is full when an order is missed": [
    { do: "order", how: "accepted", lands: true },
    { do: "land", at: 0 },
    { do: "stream", stale: false },
    { do: "ready", on: false },
    { do: "ready", on: true },
    { do: "read", how: "blind" },
    { do: "wait", ms: 20_000 },
    { do: "read", how: "blind" },
    { do: "wait", ms: 20_000 },
    { do: "disk full", writes: 0, before: false, fails: 1 },
    { do: "read", how: "blind" },
  ],
  "a disk that is full when an order is given up on": [
    { do: "order", how: "accepted", lands: false },
    { do: "disk full", writes: 0, before: false, fails: 1 },
    { do: "wait", ms: 120_000 },
  ],
};

const anyTurn: fc.Arbitrary<Action[]> = fc.oneof(
  { weight: 40, arbitrary: anyAction.map((action) => [action]) },
  { weight: 1, arbitrary: fc.constantFrom(...Object.values(STORIES)) },
);

class Crash extends Error {}

const seen = new Set<string>();

interface AtBroker {
  coid: string;
  orderId: string;
  truth: Truth;
  sentAt: number;
  rowBefore: OrderRow | null;
  odd: boolean;
  /** A view that this PC surely kept has shown it. */
  shown: boolean;
  /** Proved books in a row that did not show it. */
  missed: number;
}

const STATE_OF: Partial<Record<Truth, IntentRecord["state"]>> = {
  working: "working",
  partly: "partially_filled",
  filled: "filled",
  cancelled: "cancelled",
};

class Model {
  readonly clock = handClock();
  readonly disk: OrderStore = openOrderStore(":memory:");
  readonly orders: AtBroker[] = [];
  readonly alerts = new Set<string>();
  run = 0;
  alive = true;
  ready = true;
  streaming = false;
  fuse: { writes: number; before: boolean; fatal: boolean; fails: number } | null = null;
  /** The book as it stood when the read began, and whoever waits for it. */
  reading: {
    startedAt: number;
    rows: OrderRow[];
    resolve(book: BookRead): void;
    reject(thrown: unknown): void;
  } | null = null;
  broken: unknown = null;
  tracking: Tracking;

  constructor() {
    this.tracking = this.start();
  }

  holds<T>(promise: () => T): T {
    try {
      return promise();
    } catch (thrown) {
      this.broken ??= thrown;
      throw thrown;
    }
  }

  lives(run: number): boolean {
    return this.alive && run === this.run;
  }

  start(): Tracking {
    this.run += 1;
    const { run, clock } = this;
    const store: OrderStore = {
      ...this.disk,
      save: (...records) => this.write(run, records),
    };
    return createTracking({
      reads: {
        book: () => this.read(run),
        status: () => Promise.resolve(null),
      },
      accounts: () => ["DU1234567"],
      store,
      progress: createProgress({
        store,
        clock,
        source: "simulator",
        logger: noLog,
        tell: (event) => {
          if (this.lives(run)) this.holds(() => this.told(event));
        },
        push: () => {},
      }),
      clock,
      source: "simulator",
      logger: noLog,
      ready: () => this.ready,
      stream: {
        orders: () => (this.streaming ? { value: this.rows(), at: clock.now() } : null),
        executions: () => null,
      },
    });
  }

  write(run: number, records: IntentRecord[]): void {
    if (!this.lives(run)) throw new Crash("this process has ended");
    const commit = (): void => {
      for (const record of records) this.holds(() => this.allowed(record));
      this.disk.save(...records);
    };
    const { fuse } = this;
    if (fuse === null || fuse.writes > 0) {
      if (fuse !== null) fuse.writes -= 1;
      commit();
      return;
    }
    fuse.fails -= 1;
    if (fuse.fails <= 0) this.fuse = null;
    if (!fuse.before) commit();
    if (fuse.fatal) this.alive = false;
    seen.add(`${fuse.fatal ? "crash" : "disk full"} ${fuse.before ? "before" : "after"} a write`);
    throw new Crash("no further");
  }

  /** What may be written of an order, given what it is in truth. */
  allowed(record: IntentRecord): void {
    const before = this.disk.intent(record.coid);
    const order = this.orders.find(({ coid }) => coid === record.coid);
    if (before === null || order === undefined) throw new Error("written of no order");
    expect(record.version).toBeGreaterThan(before.version);
    if (before.claimed) expect(record.claimed).toBe(true);
    if (record.state === before.state) return;
    seen.add(`${before.state} -> ${record.state}`);
    if (record.proved_by === "quiet_period") {
      expect(order.truth).toBe("never");
      const quiet = this.clock.now() - (record.sent_at ?? 0);
      expect(quiet).toBeGreaterThanOrEqual(ORDER_LIMITS.quietPeriodMs);
    }
    // One look that misses an order that stood makes no doubt.
    if (this.stands(record.coid) && isInDoubt(record.state)) {
      expect(order.missed).toBeGreaterThanOrEqual(ORDER_LIMITS.quietReads);
    }
    if (isTerminal(record.state) && record.proved_by !== "quiet_period") {
      // Nothing ends but what has ended.
      expect(STATE_OF[order.truth] ?? "gone").toBe(order.truth === "gone" ? "gone" : record.state);
    }
    if (isTerminal(before.state)) {
      // Nothing that has ended comes back.
      expect(["filled", "cancelled"]).not.toContain(order.truth);
    }
  }

  told({ type, payload }: BrokerEvent): void {
    const { coid, state, event_key, alert } = Object(payload);
    const record = this.disk.intent(coid);
    if (record === null) throw new Error("told of an intent that the journal does not have");
    if (type === "broker.order") {
      const version = Number(String(event_key).split("|").at(-1));
      expect(record.version).toBeGreaterThanOrEqual(version);
      if (record.version === version) expect(record.state).toBe(state);
    }
    if (type === "broker.alert") {
      expect(record.told).toContain(alert);
      expect(this.alerts.has(`${coid} ${alert}`)).toBe(false);
      this.alerts.add(`${coid} ${alert}`);
      seen.add(`alert ${alert}`);
    }
  }

  rowOf({ coid, orderId, truth, odd }: AtBroker): OrderRow[] {
    const states: Partial<Record<Truth, [status: string, filled: string, remaining: string]>> = {
      working: ["Submitted", "0", "2"],
      partly: ["Submitted", "1", "1"],
      filled: ["Filled", "2", "0"],
      cancelled: ["Cancelled", "0", "2"],
    };
    const state = states[truth];
    if (state === undefined) return [];
    const [status, filledQuantity, remainingQuantity] = state;
    const account = "DU1234567";
    return [
      OrderRow.parse({
        account,
        orderId,
        order_ref: coid,
        status: odd ? "Mysterious" : status,
        filledQuantity,
        remainingQuantity,
      }),
    ];
  }

  rows(): OrderRow[] {
    return this.orders.flatMap((order) => this.rowOf(order));
  }

  read(run: number): Promise<BookRead> {
    if (!this.lives(run)) return new Promise(() => {});
    // One read at a time, and only of a session that is ready.
    this.holds(() => expect(this.reading).toBeNull());
    this.holds(() => expect(this.ready).toBe(true));
    return new Promise((resolve, reject) => {
      this.reading = { startedAt: this.clock.now(), rows: this.rows(), resolve, reject };
    });
  }

  /** The read ends with what stood when it began, however much later. */
  endRead(how: Read): void {
    const { reading } = this;
    if (reading === null) return;
    this.reading = null;
    if (how === "failed") {
      reading.reject(new Error("the broker does not answer"));
      return;
    }
    const kept = reading.rows.filter(
      ({ order_ref }) => how === "honest" || (how === "blind" && !this.stands(order_ref)),
    );
    for (const order of this.orders) {
      const shows = kept.some(({ order_ref }) => order_ref === order.coid);
      order.missed = shows || how === "unproved" ? 0 : order.missed + 1;
      if (shows && this.alive && this.fuse === null) order.shown = true;
    }
    reading.resolve({
      orders: kept,
      trades: [],
      source: "live_orders",
      at: isoTime(this.clock.now()),
      startedAt: reading.startedAt,
      proved: how !== "unproved",
    });
  }

  stands(coid: string | null): boolean {
    const state = coid === null ? null : this.disk.intent(coid)?.state;
    return state === "working" || state === "partially_filled";
  }

  view(rows: OrderRow[]): BookView {
    return {
      orders: rows,
      trades: [],
      source: "order_stream",
      at: isoTime(this.clock.now()),
      startedAt: null,
    };
  }

  at(index: number): AtBroker | undefined {
    return this.orders[this.orders.length - 1 - index];
  }

  act(action: Action): void {
    switch (action.do) {
      case "order":
        this.order(action.how, action.lands);
        return;
      case "land": {
        const order = this.at(action.at);
        if (order?.truth === "in flight") order.truth = "working";
        return;
      }
      case "move": {
        const order = this.at(action.at);
        if (order === undefined || (order.truth !== "working" && order.truth !== "partly")) return;
        // An order that this PC never saw and that vanishes is beyond what any book can tell.
        if (action.to === "gone" && !order.shown) return;
        [order.rowBefore = null] = this.rowOf(order);
        order.truth = action.to;
        return;
      }
      case "odd": {
        const order = this.at(action.at);
        if (order !== undefined) order.odd = action.on;
        return;
      }
      case "stream":
        this.stream(action.stale);
        return;
      case "read":
        this.endRead(action.how);
        return;
      case "streaming":
        this.streaming = action.on;
        return;
      case "ready":
        this.becomes(action.on);
        return;
      case "wait":
        this.wait(action.ms);
        return;
      case "crash":
      case "disk full":
        this.fuse ??= {
          writes: action.writes,
          before: action.before,
          fatal: action.do === "crash",
          fails: action.fails,
        };
        return;
      case "restart":
        this.restart();
    }
  }

  order(how: "accepted" | "unknown", lands: boolean): void {
    if (!this.alive) return;
    const now = this.clock.now();
    const n = this.orders.length;
    const orderId = String(1_000 + n);
    const planned = anIntentRecord(n);
    const record = anIntentRecord(n, {
      state: how,
      sent: true,
      sent_at: now,
      created_at: now,
      updated_at: now,
      doubt_since: how === "unknown" ? now : null,
      proved_by: "submit_answer",
      orders: planned.orders.map((order) => ({
        ...order,
        order_id: how === "accepted" ? orderId : null,
        state: how === "accepted" ? ("accepted" as const) : order.state,
      })),
    });
    this.disk.insert(record);
    const truth = lands || how === "accepted" ? "in flight" : "never";
    const { coid } = record;
    this.orders.push({
      coid,
      orderId,
      truth,
      sentAt: now,
      rowBefore: null,
      odd: false,
      shown: false,
      missed: 0,
    });
    if (how === "accepted") this.tracking.watch(coid);
    else this.tracking.doubt(coid);
  }

  stream(stale: boolean): void {
    if (!this.alive) return;
    const rows = stale ? this.orders.flatMap(({ rowBefore }) => rowBefore ?? []) : this.rows();
    for (const order of this.orders) {
      const shows = rows.some(({ order_ref }) => order_ref === order.coid) && !order.odd;
      if (shows && this.fuse === null) order.shown = true;
    }
    try {
      this.tracking.see(this.view(rows));
    } catch (thrown) {
      if (!(thrown instanceof Crash)) throw thrown;
    }
  }

  becomes(ready: boolean): void {
    const before = this.ready;
    this.ready = ready;
    if (!ready) this.endRead("failed");
    if (ready && !before && this.alive) this.checkAll();
  }

  checkAll(): void {
    try {
      this.tracking.checkAll();
    } catch (thrown) {
      if (!(thrown instanceof Crash)) throw thrown;
    }
  }

  /** An order in flight lands in time. */
  wait(ms: number): void {
    const until = this.clock.now() + ms;
    for (const order of this.orders) {
      if (order.truth === "in flight" && until - order.sentAt >= LANDS_WITHIN_MS) {
        order.truth = "working";
      }
    }
    this.clock.run(ms);
  }

  restart(): void {
    if (this.alive) return;
    this.alive = true;
    this.fuse = null;
    this.clock.forget();
    this.reading = null;
    this.tracking = this.start();
    if (this.ready) this.checkAll();
  }

  check(): void {
    if (this.broken !== null) throw this.broken;
    const follow = this.disk.open().some(({ state }) => isInDoubt(state) || state === "accepted");
    // Whatever is not settled has a look before it.
    if (!this.alive || !this.ready || !follow || this.reading !== null) return;
    expect(this.clock.nextInMs()).toBeLessThanOrEqual(ORDER_LIMITS.ownerLookMs);
  }

  /** Time heals: with an honest book the journal says what the broker says. */
  async quiesce(): Promise<void> {
    this.restart();
    this.fuse = null;
    for (const order of this.orders) order.odd = false;
    this.becomes(true);
    this.checkAll();
    for (let round = 0; round < 30; round++) {
      this.endRead("honest");
      await settled();
      this.check();
      this.wait(61_000);
      await settled();
    }
    for (const order of this.orders) this.honest(order);
  }

  honest({ coid, truth }: AtBroker): void {
    const state = this.disk.intent(coid)?.state;
    seen.add(`in the end ${truth}: ${state}`);
    switch (truth) {
      case "never":
        expect(state).toBe("rejected");
        return;
      case "gone":
        // It was seen once, and no book shows its end: that is for the owner to say.
        expect(["needs_owner", "filled", "cancelled"]).toContain(state);
        return;
      default:
        expect(state).toBe(STATE_OF[truth]);
    }
  }
}

const RUNS = 300;

it(`keeps the promises of the tracking over ${RUNS} walks`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyTurn, { minLength: 30, maxLength: 100 }), async (turns) => {
      const model = new Model();
      for (const action of turns.flat()) {
        model.act(action);
        await settled();
        model.check();
      }
      await model.quiesce();
      model.disk.close();
    }),
    { numRuns: RUNS, seed: 20261130 },
  );
  expect([...seen].sort()).toEqual(
    expect.arrayContaining([
      ...["crash", "disk full"].flatMap((what) => [
        `${what} before a write`,
        `${what} after a write`,
      ]),
      "accepted -> reconciling",
      "accepted -> working",
      "reconciling -> needs_owner",
      "reconciling -> rejected",
      "reconciling -> working",
      "unknown -> reconciling",
      "working -> partially_filled",
      "working -> unknown",
      "alert needs_owner",
      "alert outcome_unknown",
      "in the end cancelled: cancelled",
      "in the end filled: filled",
      "in the end gone: needs_owner",
      "in the end never: rejected",
      "in the end partly: partially_filled",
      "in the end working: working",
    ]),
  );
});
