import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { type Clock, isoTime } from "../../client-portal/clock.ts";
import { orderStatus } from "../../client-portal/endpoints/order-status.ts";
import { isCutShort, liveOrders, type OrderRow } from "../../client-portal/endpoints/orders.ts";
import { trades } from "../../client-portal/endpoints/trades.ts";
import type { AskOptions, Portal } from "../../client-portal/portal-interface.ts";
import { orderMark } from "../../client-portal/stream/streamed-orders.ts";
import type { BookView } from "./book-evidence.ts";

/**
 * The broker's book, read until it is believed: the list is a cache that a forced read empties, so
 * it is asked by force and then again until two answers in a row agree.
 */
export interface BookRead extends BookView {
  /**
   * False when no two reads agreed, a row was unreadable, the list was as long as the broker makes it,
   * nothing but an empty list was ever seen, or the login does not hold the account.
   */
  proved: boolean;
}

export interface BookParts {
  portal: Pick<Portal, "ask">;
  clock: Clock;
  /** With several accounts the list must be asked for by account. */
  accounts(): readonly string[];
}

const READS = 4;
const DAYS = 7;

export async function readBook(
  parts: BookParts,
  accountId: string,
  signal?: AbortSignal,
): Promise<BookRead> {
  const options: AskOptions = {
    fresh: true,
    maxWaitMs: 30_000,
    firstLookOnly: true,
    ...(signal === undefined ? {} : { signal }),
  };
  const which = parts.accounts().length > 1 ? { accountId } : {};
  const startedAt = parts.clock.now();
  const urgent = { priority: "reconcile" as const };
  await parts.portal.ask({ ...liveOrders({ ...which, force: true }), ...urgent }, options);
  let last: readonly OrderRow[] | null = null;
  let proved = false;
  let emptyReads = 0;
  let lost = 0;
  for (let read = 0; read < READS && !proved; read++) {
    const answer = await parts.portal.ask({ ...liveOrders(which), ...urgent }, options);
    // It joined a read that had begun before this one: it may show what was before.
    if (answer.begunAt < startedAt) continue;
    const rows: readonly OrderRow[] = answer.value.orders;
    if (rows.length === 0) emptyReads += 1;
    // An empty list needs one more look than a full one.
    const agreed = last !== null && mark(last) === mark(rows);
    proved = agreed && (rows.length > 0 || emptyReads > 2);
    if (answer.value.snapshot === true && rows.length > 0) proved = true;
    last = rows;
    lost += answer.value.lost;
  }
  const done = await parts.portal.ask({ ...trades(DAYS), ...urgent }, options);
  return {
    orders: last ?? [],
    trades: done.value,
    source: "live_orders",
    at: isoTime(parts.clock.now()),
    // A row that cannot be read, or was left out, may be the very order that is looked for.
    proved:
      proved &&
      lost === 0 &&
      !isCutShort(last?.length ?? 0) &&
      // The list of another login (paper beside live) says nothing about this account.
      parts.accounts().includes(accountId),
    startedAt,
  };
}

const mark = (rows: readonly OrderRow[]): string =>
  rows
    .map((row) => `${row.orderId}:${orderMark(row)}`)
    .sort()
    .join("\n");

/** One order's status by its id; null when the broker does not know it, or not for this account. */
export async function readStatus(
  parts: BookParts,
  orderId: string,
  signal?: AbortSignal,
): Promise<{ status: string | null; filled: string | null; remaining: string | null } | null> {
  try {
    const answer = await parts.portal.ask(
      { ...orderStatus(orderId), priority: "reconcile" },
      { fresh: true, maxWaitMs: 10_000, ...(signal === undefined ? {} : { signal }) },
    );
    return {
      status: answer.value.order_status,
      filled: answer.value.filled_quantity ?? answer.value.cum_fill,
      remaining: answer.value.remaining_quantity,
    };
  } catch (thrown) {
    if (thrown instanceof GatewayError && thrown.failure.code === "NOT_FOUND") return null;
    throw thrown;
  }
}
