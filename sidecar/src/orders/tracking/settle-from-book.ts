import { isInDoubt, isTerminal } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { alertEffects, apply, type IntentDraft, note } from "../journal/intent-change.ts";
import { principalOrder } from "../journal/intent-record.ts";
import { ORDER_LIMITS } from "../limits.ts";
import { applyFinding } from "./apply-finding.ts";
import type { BookView } from "./book-evidence.ts";
import type { BookRead } from "./order-book-read.ts";
import { startDoubt, stillInDoubt } from "./orders-in-doubt.ts";
import {
  attempt,
  coidOfRow,
  gatewaySays,
  intentOf,
  openCoids,
  type TrackingDraft,
} from "./tracking-draft.ts";

/** One account's book against every open intent of it. */
export function settleFromBook(draft: TrackingDraft, accountId: string, book: BookRead): void {
  const { reading } = draft;
  if (reading === null) return;
  for (const coid of openCoids(draft)) {
    attempt(draft, coid, (intent) => {
      const { state, account_id } = intent.record;
      // What is in a conversation with the broker is not judged by a list.
      if (account_id !== accountId) return;
      if (state === "awaiting_confirmation" || state === "submitting") return;
      searchedForExits(intent, book);
      applyFinding(draft, intent, book);
      if (isInDoubt(intent.record.state)) stillInDoubt(draft, intent, book, reading.startedAt);
      else draft.doubts.delete(coid);
      missed(draft, intent, book);
    });
  }
  see(draft, book);
  if (reading.everything) crossCheck(draft, accountId, book);
}

/** Also orders that were thought to have ended: what the book shows is stronger. */
export function see(draft: TrackingDraft, view: BookView): void {
  const touched = new Set<string>();
  for (const row of view.orders) {
    const coid = coidOfRow(draft, row);
    if (coid !== null) touched.add(coid);
  }
  for (const { order_ref } of view.trades) {
    const known = order_ref === null ? null : draft.env.journal.byRef(order_ref);
    const intent = known === null ? null : intentOf(draft, known.coid);
    if (intent !== null && !isTerminal(intent.record.state)) touched.add(intent.record.coid);
  }
  for (const coid of touched) {
    attempt(draft, coid, (intent) => {
      if (intent.record.sent) applyFinding(draft, intent, view);
    });
  }
}

/** Whether a reading began before the order left: what it does not show need not have been there. */
const beganBefore = (book: BookRead, { sent_at, created_at }: IntentDraft["record"]): boolean =>
  book.startedAt !== null && book.startedAt < (sent_at ?? created_at);

/** A proved book that does not show an exit says that it does not stand. */
function searchedForExits(intent: IntentDraft, book: BookRead): void {
  const { ticket, told } = intent.record;
  const bracket = ticket.order.structure === "bracket";
  if (!book.proved || !bracket || told.includes("looked_for_exits")) return;
  if (beganBefore(book, intent.record)) return;
  note(intent, { told: [...told, "looked_for_exits"] });
}

/**
 * Orders that stood and that proved books do not show any more. The list is of one day: a day order
 * of an earlier one has expired; anything else that vanished is in doubt.
 */
function missed(draft: TrackingDraft, intent: IntentDraft, book: BookRead): void {
  const { record } = intent;
  const { coid } = record;
  const stood = record.state === "working" || record.state === "partially_filled";
  const principal = principalOrder(record);
  const shown = book.orders.some(
    (row) => row.orderId === principal?.order_id || row.order_ref === principal?.order_ref,
  );
  const { now } = draft.env;
  const tif = record.ticket.order.legs[0]?.time_in_force;
  const dayOver = tif !== "GTC" && now - livesFrom(record) > ORDER_LIMITS.dayOrderMs;
  // A change ends with its order's day, and is in no doubt of its own: else it would count for ever.
  if (!stood || shown || !book.proved || (record.action !== "place" && !dayOver)) {
    draft.misses.delete(coid);
    return;
  }
  if (beganBefore(book, record)) return;
  const count = (draft.misses.get(coid) ?? 0) + 1;
  if (count < ORDER_LIMITS.quietReads) {
    // A miss is no proof: the book is read again before long.
    draft.misses.set(coid, count);
    draft.missedLookAt = now + ORDER_LIMITS.missedLookMs;
    return;
  }
  draft.misses.delete(coid);
  if (dayOver) {
    apply(intent, {
      source: "live_orders",
      says: "expired",
      filled: principal?.filled ?? null,
      remaining: principal?.remaining ?? null,
      at: book.at,
    });
    return;
  }
  apply(intent, gatewaySays(draft, "ambiguous"), { claimed: true });
  startDoubt(draft, coid);
}

/** When its day began, ms: that of an order sent while nothing traded is the session it waits for. */
function livesFrom({ created_at, ticket }: IntentDraft["record"]): number {
  return ticket.waits == null ? created_at : Math.max(created_at, Date.parse(ticket.waits.until));
}

/** Every broker order that bears a mark of ours must have its intent; one that has none is told once. */
function crossCheck(draft: TrackingDraft, accountId: string, book: BookView): void {
  for (const { order_ref, orderId } of book.orders) {
    if (order_ref === null || !order_ref.startsWith("ieg1-")) continue;
    if (draft.env.journal.byRef(order_ref) !== null || draft.unexplained.has(order_ref)) continue;
    draft.unexplained.add(order_ref);
    draft.acts.push(
      ...alertEffects(
        {
          alert: "unexplained_order",
          message:
            "An order at the broker bears a reference of this gateway that this PC never sent.",
          cancelOffered: orderId === null ? [] : [orderId],
        },
        draft.env,
        // Named, so that the gateway can tell an order of another PC of the owner's.
        { account_id: accountId, coid: order_ref, intent_hash: null },
      ),
    );
  }
}
