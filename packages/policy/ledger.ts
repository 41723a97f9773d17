import { Decimal, decimalText, parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import type { Side } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
import type { Usage } from "./snapshot.ts";

/**
 * What counts against the cumulative limits. A reservation is made in the transaction that admits
 * the order and counts from then on; it is given back only when it is proved that nothing was
 * placed. What is unknown counts: an order nobody can find may be there.
 */
export interface OrderLedgerEntry {
  id: string;
  client_id: string;
  kind: "order" | "modify" | "cancel";
  side: Side;
  /** An option was sold to open: it counts with the purchases. */
  sold_option: boolean;
  conid: number;
  /** Orders it puts at the broker: three for a bracket. */
  orders: number;
  /** Worst-case value in base currency; null when it was not known. */
  notional: string | null;
  /** What filled of it, once that is proved. */
  filled_notional: string | null;
  at_ms: number;
  /** In the account's trading zone, `YYYY-MM-DD`. */
  day: string;
  state: "reserved" | "settled" | "released";
  /** Seen at the broker: then the broker's own list counts it as open. */
  seen: boolean;
}

export type LedgerChange =
  | { ok: true; entries: OrderLedgerEntry[] }
  | { ok: false; reason: "exists" | "missing" | "final" };

/** Adds a reservation; the caller has judged the limits over {@link usageOf} just before. */
export function reserve(
  entries: readonly OrderLedgerEntry[],
  entry: OrderLedgerEntry,
): LedgerChange {
  return entries.some(({ id }) => id === entry.id)
    ? { ok: false, reason: "exists" }
    : { ok: true, entries: [...entries, { ...entry, state: "reserved" }] };
}

/** The order was placed, and this much of it filled. */
export function settleEntry(
  entries: readonly OrderLedgerEntry[],
  id: string,
  filledNotional: string | null,
): LedgerChange {
  return change(entries, id, (entry) =>
    entry.state === "released"
      ? null
      : { ...entry, state: "settled", seen: true, filled_notional: filledNotional },
  );
}

/** Proved that nothing was placed: what was taken is given back, once. */
export function release(entries: readonly OrderLedgerEntry[], id: string): LedgerChange {
  return change(entries, id, (entry) =>
    entry.state === "settled" ? null : { ...entry, state: "released" },
  );
}

function change(
  entries: readonly OrderLedgerEntry[],
  id: string,
  to: (entry: OrderLedgerEntry) => OrderLedgerEntry | null,
): LedgerChange {
  const found = entries.find((entry) => entry.id === id);
  if (found === undefined) return { ok: false, reason: "missing" };
  const next = to(found);
  if (next === null) return { ok: false, reason: "final" };
  return { ok: true, entries: entries.map((entry) => (entry === found ? next : entry)) };
}

/**
 * The use of today and of the last moments. An order that ended without a fill is no turnover any
 * more, but stays an order: an agent that sends a hundred orders and cancels them has sent them.
 */
export function usageOf(
  entries: readonly OrderLedgerEntry[],
  at: {
    nowMs: number;
    /** The day that is judged: an order may wait for a later one than today. */
    day: string;
    /** Today's, where it is another one: cancels count on the day they are sent. */
    calendarDay?: string;
    fillsToday: number;
    roundTrips: number;
  },
): Usage {
  const counted = entries.filter(({ state }) => state !== "released");
  const orders = counted.filter(({ kind }) => kind === "order");
  const today = counted.filter(({ day }) => day === at.day);
  const within = (list: readonly OrderLedgerEntry[], ms: number) =>
    list.filter(({ at_ms }) => at.nowMs - at_ms < ms).length;
  const traded = today.filter(({ kind }) => kind !== "cancel");
  const inflight = counted.filter(
    ({ kind, state, seen }) => kind === "order" && state === "reserved" && !seen,
  );
  return {
    orders_last_second: within(orders, 1_000),
    orders_last_minute: within(orders, 60_000),
    orders_last_hour: within(orders, 3_600_000),
    orders_today: today.filter(({ kind }) => kind === "order").length,
    messages_last_minute: within(counted, 60_000),
    cancels_today: counted.filter(
      ({ kind, day }) => kind === "cancel" && day === (at.calendarDay ?? at.day),
    ).length,
    fills_today: at.fillsToday,
    buy_notional_today: total(traded.filter((entry) => entry.side === "BUY" || entry.sold_option)),
    turnover_today: total(traded),
    round_trips: at.roundTrips,
    inflight_orders: inflight.reduce((sum, { orders: count }) => sum + count, 0),
    inflight_notional: total(inflight),
    as_of: new Date(at.nowMs).toISOString(),
  };
}

/** One agent's share of today. */
export function clientUsageOf(
  entries: readonly OrderLedgerEntry[],
  clientId: string,
  day: string,
): { orders_today: number; notional_today: string | null } {
  const own = entries.filter(
    (entry) => entry.client_id === clientId && entry.day === day && entry.state !== "released",
  );
  return {
    orders_today: own.filter(({ kind }) => kind === "order").length,
    notional_today: total(own.filter(({ kind }) => kind !== "cancel")),
  };
}

/** Settled orders count with what filled, open ones with the worst that may. */
function total(entries: readonly OrderLedgerEntry[]): string | null {
  let sum = new Decimal(0);
  for (const entry of entries) {
    const value = parseFigure(
      entry.state === "settled" ? (entry.filled_notional ?? entry.notional) : entry.notional,
    );
    if (value === null) return null;
    sum = sum.plus(value);
  }
  return decimalText(sum);
}

export interface LedgerFill {
  conid: number;
  side: Side;
  quantity: string;
  at: string;
}

/**
 * Day trades among the fills of one day: every time a position opened today is reduced after it was
 * added to. Conservative against the rule's finer points; it never counts fewer than there are.
 */
export function roundTripsOf(fills: readonly LedgerFill[]): number {
  const lastSide = new Map<number, Side>();
  let trips = 0;
  for (const fill of [...fills].sort((a, b) => Date.parse(a.at) - Date.parse(b.at))) {
    const last = lastSide.get(fill.conid);
    if (last !== undefined && last !== fill.side) trips += 1;
    lastSide.set(fill.conid, fill.side);
  }
  return trips;
}
