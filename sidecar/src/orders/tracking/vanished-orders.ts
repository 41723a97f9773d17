import { type Clock, isoTime } from "../../client-portal/clock.ts";
import { type IntentRecord, principalOrder } from "../journal/record.ts";
import { ORDER_LIMITS } from "../limits.ts";
import type { BookRead } from "./order-book-read.ts";
import type { Progress } from "./progress.ts";

/**
 * Orders that stood and that proved books do not show any more. The list is of one day: a day order
 * of an earlier one has expired; anything else that vanished is in doubt.
 */
export function createMissed(parts: {
  progress: Pick<Progress, "apply">;
  clock: Clock;
  /** A miss is no proof: the book is read again before long. */
  lookAgain(): void;
  doubt(coid: string): void;
}): (record: IntentRecord, book: BookRead) => void {
  const { progress, clock } = parts;
  /** Proved books in a row that did not show an order that stood. */
  const misses = new Map<string, number>();
  return (record, book) => {
    const stood = record.state === "working" || record.state === "partially_filled";
    const principal = principalOrder(record);
    const shown = book.orders.some(
      (row) => row.orderId === principal?.order_id || row.order_ref === principal?.order_ref,
    );
    if (!stood || shown || !book.proved || record.action !== "place") {
      misses.delete(record.coid);
      return;
    }
    const count = (misses.get(record.coid) ?? 0) + 1;
    misses.set(record.coid, count);
    if (count < ORDER_LIMITS.quietReads) {
      parts.lookAgain();
      return;
    }
    misses.delete(record.coid);
    const tif = record.ticket.order.legs[0]?.time_in_force;
    const old = clock.now() - record.created_at > ORDER_LIMITS.dayOrderMs;
    if (tif !== "GTC" && old) {
      progress.apply(record.coid, {
        source: "live_orders",
        says: "expired",
        filled: principal?.filled ?? null,
        remaining: principal?.remaining ?? null,
        at: book.at,
      });
      return;
    }
    const doubtful = {
      source: "gateway",
      says: "ambiguous",
      filled: null,
      remaining: null,
    } as const;
    progress.apply(record.coid, { ...doubtful, at: isoTime(clock.now()) }, { claimed: true });
    parts.doubt(record.coid);
  };
}
