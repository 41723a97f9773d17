import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { BrokerSession } from "@ibkr-edge-gateway/protocol/operations/session-status.ts";
import {
  evidenceOfStatus,
  isInDoubt,
  isTerminal,
} from "@ibkr-edge-gateway/protocol/orders/state.ts";
import { type Clock, isoTime } from "../../client-portal/clock.ts";
import type { OrderRow } from "../../client-portal/endpoints/orders.ts";
import type { BrokerLogger } from "../../client-portal/logger.ts";
import type { StreamView } from "../../client-portal/stream/view.ts";
import type { IntentRecord } from "../journal/record.ts";
import type { OrderStore } from "../journal/store.ts";
import { ORDER_LIMITS } from "../limits.ts";
import { createCrossCheck } from "./cross-check.ts";
import { type BookView, findInBook } from "./evidence.ts";
import { type BookParts, type BookRead, readBook, readStatus } from "./order-book-read.ts";
import type { Progress } from "./progress.ts";
import { unprotected } from "./protection.ts";
import { createMissed } from "./vanished-orders.ts";

/**
 * Follows every intent until it is proved to have ended: an accepted one until it is seen, one in
 * doubt until the book settles it or a quiet period has passed. It reads and never sends.
 */
export interface Tracker {
  /** The broker took it, as it says. */
  watch(coid: string): void;
  /** Nobody knows. */
  doubt(coid: string): void;
  /** Rows that came by the stream or by somebody else's read. */
  see(view: BookView): void;
  /** Everything that is open, and the whole book against the journal. */
  checkAll(): void;
  close(): void;
}

/** Accepted and not seen; or seen, with a bracket's exits or a group's members still to be seen. */
function isUnseen(record: IntentRecord): boolean {
  if (record.state === "accepted") return true;
  const stands =
    record.state === "working" || record.state === "partially_filled" || record.state === "filled";
  return (
    stands &&
    record.ticket.order.structure !== "single" &&
    record.orders.some(({ state }) => state === "submitting" || state === "accepted")
  );
}

export function createTracker(
  parts: BookParts & {
    store: OrderStore;
    progress: Progress;
    clock: Clock;
    logger: BrokerLogger;
    session(): BrokerSession;
    stream: Pick<StreamView, "orders" | "executions">;
  },
): Tracker {
  const { store, progress, clock, logger } = parts;
  const stop = new AbortController();
  const timers = new Map<string, () => void>();
  /** Per intent in doubt: looks taken, and proved reads that did not find it. */
  const doubts = new Map<string, { looks: number; blank: number }>();
  const crossCheck = createCrossCheck(parts);
  let reading: Promise<void> | null = null;
  let again = false;
  let wholeBook = false;

  const later = (key: string, ms: number, task: () => void): void => {
    timers.get(key)?.();
    const cancel = clock.after(ms, () => {
      timers.delete(key);
      if (stop.signal.aborted) return;
      try {
        task();
      } catch (thrown) {
        // A journal that cannot be written must not end the process: orders are looked after still.
        report(thrown);
        later(key, ORDER_LIMITS.retryMs, task);
      }
    });
    timers.set(key, cancel);
  };

  const ready = (): boolean => parts.session().state === "ready";

  const applyFinding = (record: IntentRecord, view: BookView): IntentRecord => {
    const finding = findInBook(record, view);
    if (finding.surplus.length > 0) {
      progress.alert({
        alert: "unexplained_order",
        message:
          "The broker shows more orders under one reference than this PC sent. Look at once, and cancel what is too much.",
        record,
        cancelOffered: finding.surplus,
      });
    }
    if (finding.evidence === null) {
      if (JSON.stringify(finding.orders) !== JSON.stringify(record.orders)) {
        return checkProtection(progress.note(record.coid, { orders: finding.orders }));
      }
      return record;
    }
    if (
      isTerminal(record.state) &&
      record.state !== "filled" &&
      finding.evidence.says === "working"
    ) {
      // A late frame or an older list shows what was; only a read begun afterwards shows what is.
      if (view.startedAt === null || view.startedAt <= record.updated_at) {
        if (view.startedAt === null) later("overturned", 2_000, () => readSoon(true));
        return record;
      }
    }
    return checkProtection(
      progress.apply(record.coid, finding.evidence, { orders: finding.orders }),
    );
  };

  const checkProtection = (record: IntentRecord): IntentRecord => {
    const gap = unprotected(record);
    if (gap === null) return record;
    // A stop that nobody has looked for yet is not missing.
    const stopOrder = record.orders.find(({ role }) => role === "stop_loss");
    if (stopOrder?.state === "submitting" && !record.told.includes("looked_for_exits"))
      return record;
    progress.alert({
      alert: "unprotected_position",
      message: gap.message,
      record,
      cancelOffered: gap.cancelOffered,
    });
    return store.intent(record.coid) ?? record;
  };

  const streamView = (): BookView | null => {
    const orders = parts.stream.orders();
    if (orders === null) return null;
    return {
      orders: orders.value,
      trades: parts.stream.executions(7)?.value ?? [],
      source: "order_stream",
      at: isoTime(clock.now()),
      startedAt: null,
    };
  };

  /** Looks with what costs nothing; asks the broker's list only when that does not show the order. */
  const look = async (coid: string, turn: number): Promise<void> => {
    let record = store.intent(coid);
    if (record === null || !isUnseen(record)) return;
    const view = streamView();
    if (view !== null) record = applyFinding(record, view);
    if (record.ticket.order.structure === "bracket") record = await lookAtExits(record);
    if (!isUnseen(record) || stop.signal.aborted) return;
    if (view === null || turn >= 2) readSoon(false);
    const since = record.sent_at ?? record.created_at;
    if (record.state === "accepted" && clock.now() - since >= ORDER_LIMITS.seenWithinMs) {
      progress.apply(coid, gateway("ambiguous"));
      tracker.doubt(coid);
      return;
    }
    const looks = ORDER_LIMITS.seenLooksMs;
    later(`watch ${coid}`, looks[Math.min(turn + 1, looks.length - 1)] ?? 20_000, () => {
      void look(coid, turn + 1).catch(report);
    });
  };

  /** A bracket's exits by their own status: it is not paced like the list, so it takes a second. */
  const lookAtExits = async (record: IntentRecord): Promise<IntentRecord> => {
    if (!ready()) return record;
    const orders = [...record.orders];
    for (const [index, order] of orders.entries()) {
      if (order.order_id === null) continue;
      const status = await readStatus(parts, order.order_id, stop.signal).catch(() => undefined);
      if (status === undefined) return record;
      const says =
        status === null
          ? null
          : evidenceOfStatus(status.status ?? "", status.filled, status.remaining);
      if (status === null || says === null) continue;
      orders[index] = {
        ...order,
        state:
          says === "filled" || says === "cancelled" || says === "rejected" || says === "expired"
            ? says
            : "working",
        broker_status: status.status?.slice(0, 40) ?? null,
        filled: status.filled,
        remaining: status.remaining,
      };
    }
    const latest = store.intent(record.coid) ?? record;
    if (latest.version !== record.version) return latest;
    return checkProtection(progress.note(record.coid, { orders }));
  };

  const missed = createMissed({
    progress,
    clock,
    lookAgain: () => later("missed", ORDER_LIMITS.missedLookMs, () => readSoon(false)),
    doubt: (coid) => tracker.doubt(coid),
  });

  const gateway = (says: "ambiguous" | "lookup_started" | "gave_up") => ({
    source: "gateway" as const,
    says,
    filled: null,
    remaining: null,
    at: isoTime(clock.now()),
  });

  const report = (thrown: unknown): void => {
    if (thrown instanceof GatewayError) {
      logger.debug({ code: thrown.failure.code }, "looking for an order failed");
      return;
    }
    logger.error({ err: thrown }, "looking for an order failed unexpectedly");
  };

  /** One read of the book for all who wait for one. */
  const readSoon = (all: boolean): void => {
    wholeBook ||= all;
    if (reading !== null) {
      again = true;
      return;
    }
    reading = readOnce()
      .catch(report)
      .finally(() => {
        reading = null;
        if (!again || stop.signal.aborted) return;
        again = false;
        readSoon(false);
      });
  };

  const readOnce = async (): Promise<void> => {
    if (!ready()) return;
    const everything = wholeBook;
    wholeBook = false;
    const startedAt = clock.now();
    const accounts = new Set(store.open().map(({ account_id }) => account_id));
    if (everything) for (const account of parts.accounts()) accounts.add(account);
    for (const account of accounts) {
      const book = await readBook(parts, account, stop.signal);
      if (stop.signal.aborted) return;
      settle(account, book, startedAt, everything);
    }
  };

  const settle = (
    account: string,
    book: BookRead,
    startedAt: number,
    everything: boolean,
  ): void => {
    for (const open of store.open()) {
      if (open.account_id !== account || open.state === "awaiting_confirmation") continue;
      if (open.state === "submitting") continue;
      const looked = lookedForExits(open, book);
      const after = applyFinding(looked, book);
      if (isInDoubt(after.state)) stillInDoubt(after, book, startedAt);
      else doubts.delete(after.coid);
      missed(after, book);
    }
    see(book);
    if (everything) crossCheck(account, book);
  };

  /** A proved book that does not show an exit says that it does not stand. */
  const lookedForExits = (record: IntentRecord, book: BookRead): IntentRecord => {
    const bracket = record.ticket.order.structure === "bracket";
    if (!book.proved || !bracket || record.told.includes("looked_for_exits")) return record;
    return progress.note(record.coid, { told: [...record.told, "looked_for_exits"] });
  };

  const stillInDoubt = (before: IntentRecord, book: BookRead, startedAt: number): void => {
    let record = before;
    const doubt = doubts.get(record.coid) ?? { looks: 0, blank: 0 };
    // A read that began before the last request ended says nothing about it.
    const lastSent = Math.max(record.sent_at ?? 0, record.doubt_since ?? 0);
    const present = findInBook(record, book).present;
    if (present) doubt.blank = 0;
    else if (book.proved && startedAt >= lastSent) doubt.blank += 1;
    doubts.set(record.coid, doubt);
    const quiet = clock.now() - lastSent;
    const enough = doubt.blank >= ORDER_LIMITS.quietReads && quiet >= ORDER_LIMITS.quietPeriodMs;
    // Seen once, it may never be called absent afterwards: its end must be shown, or an owner looks.
    if (present && record.action === "place" && !record.claimed) {
      record = progress.note(record.coid, { claimed: true });
    }
    if (enough && !record.claimed) {
      progress.apply(record.coid, {
        source: "quiet_period",
        says: "absent",
        filled: null,
        remaining: null,
        at: book.at,
      });
      doubts.delete(record.coid);
    } else if ((enough || quiet >= ORDER_LIMITS.giveUpMs) && record.state !== "needs_owner") {
      progress.apply(record.coid, gateway("gave_up"));
    }
  };

  /** Also orders that were thought to have ended: what the book shows is stronger. */
  const see = (view: BookView): void => {
    const touched = new Map<string, IntentRecord>();
    for (const row of view.orders) {
      const record = recordOf(row);
      if (record !== null) touched.set(record.coid, record);
    }
    for (const trade of view.trades) {
      const record = trade.order_ref === null ? null : store.byRef(trade.order_ref);
      if (record !== null && !isTerminal(record.state)) touched.set(record.coid, record);
    }
    for (const record of touched.values()) {
      if (record.sent) applyFinding(record, view);
    }
  };

  const recordOf = (row: OrderRow): IntentRecord | null => {
    if (row.order_ref !== null) {
      const known = store.byRef(row.order_ref);
      if (known !== null) return known;
    }
    const known = row.orderId === null ? null : store.byOrderId(row.orderId);
    return known ?? (row.parentId === null ? null : store.byOrderId(row.parentId));
  };

  const lookAgain = (coid: string): void => {
    const record = store.intent(coid);
    if (record === null || !isInDoubt(record.state) || stop.signal.aborted) return;
    const doubt = doubts.get(coid) ?? { looks: 0, blank: 0 };
    doubts.set(coid, { ...doubt, looks: doubt.looks + 1 });
    if (record.state === "unknown") progress.apply(coid, gateway("lookup_started"));
    readSoon(false);
    const looks = ORDER_LIMITS.doubtLooksMs;
    const wait =
      record.state === "needs_owner"
        ? ORDER_LIMITS.ownerLookMs
        : (looks[Math.min(doubt.looks + 1, looks.length - 1)] ?? 60_000);
    later(`doubt ${coid}`, Math.max(1_000, wait), () => lookAgain(coid));
  };

  const tracker: Tracker = {
    watch: (coid) => {
      later(`watch ${coid}`, ORDER_LIMITS.seenLooksMs[0], () => void look(coid, 0).catch(report));
    },
    doubt: (coid) => {
      if (timers.has(`doubt ${coid}`)) return;
      later(`doubt ${coid}`, 0, () => lookAgain(coid));
    },
    see,
    checkAll: () => {
      for (const record of store.open()) {
        if (record.state === "accepted") tracker.watch(record.coid);
        else if (isInDoubt(record.state)) tracker.doubt(record.coid);
      }
      readSoon(true);
      later("cross-check", ORDER_LIMITS.crossCheckMs, () => tracker.checkAll());
    },
    close: () => {
      stop.abort();
      for (const cancel of timers.values()) cancel();
      timers.clear();
    },
  };
  return tracker;
}
