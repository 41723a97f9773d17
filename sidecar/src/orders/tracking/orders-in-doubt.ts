import { isInDoubt } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { apply, type IntentDraft, note } from "../journal/intent-change.ts";
import { lastInDoubt, notShownMark } from "../journal/intent-record.ts";
import { ORDER_LIMITS } from "../limits.ts";
import { findInBook } from "./book-evidence.ts";
import type { BookRead } from "./order-book-read.ts";
import { readSoon } from "./plan-book-read.ts";
import { gatewaySays, intentOf, type TrackingDraft } from "./tracking-draft.ts";
import type { Doubt } from "./tracking-state.ts";

const NEW_DOUBT: Doubt = { looks: 0, blank: 0, dueAt: null };

/** Looks for it at once; a look that is planned already stands. */
export function startDoubt(draft: TrackingDraft, coid: string): void {
  const doubt = draft.doubts.get(coid) ?? NEW_DOUBT;
  if (doubt.dueAt !== null) return;
  draft.doubts.set(coid, { ...doubt, dueAt: draft.env.now });
}

export function searchAgain(draft: TrackingDraft, coid: string): void {
  const intent = intentOf(draft, coid);
  const doubt = draft.doubts.get(coid) ?? NEW_DOUBT;
  if (intent === null || !isInDoubt(intent.record.state)) {
    draft.doubts.delete(coid);
    return;
  }
  if (intent.record.state === "unknown") apply(intent, gatewaySays(draft, "lookup_started"));
  readSoon(draft, false);
  const looks = ORDER_LIMITS.doubtLooksMs;
  const waitMs =
    intent.record.state === "needs_owner"
      ? ORDER_LIMITS.ownerLookMs
      : (looks[Math.min(doubt.looks + 1, looks.length - 1)] ?? 60_000);
  draft.doubts.set(coid, {
    looks: doubt.looks + 1,
    blank: doubt.blank,
    dueAt: draft.env.now + Math.max(1_000, waitMs),
  });
}

/** A read of the book did not end the doubt: it is absent, or the owner is asked, or it goes on. */
export function stillInDoubt(
  draft: TrackingDraft,
  intent: IntentDraft,
  book: BookRead,
  startedAt: number,
): void {
  const { record } = intent;
  const doubt = draft.doubts.get(record.coid) ?? NEW_DOUBT;
  // A read that began before the last request ended says nothing about it.
  const lastSent = lastInDoubt(record);
  const { present } = findInBook(record, book);
  const counts = book.proved && startedAt >= lastSent;
  const blank = present ? 0 : doubt.blank + (counts ? 1 : 0);
  draft.doubts.set(record.coid, { ...doubt, blank });
  // The read that settles it must count itself, and must have begun after the quiet period: an
  // earlier one may be answered late, and an unproved one may lack the very row.
  const enough =
    counts &&
    blank >= ORDER_LIMITS.quietReads &&
    startedAt - lastSent >= ORDER_LIMITS.quietPeriodMs;
  // Seen once, it may never be called absent afterwards: its end must be shown, or an owner looks.
  if (present && record.action === "place" && !record.claimed) note(intent, { claimed: true });
  noteNotShown(intent, present, enough);
  if (enough && !intent.record.claimed) {
    apply(intent, {
      source: "quiet_period",
      says: "absent",
      filled: null,
      remaining: null,
      at: book.at,
    });
    draft.doubts.delete(record.coid);
  } else if (
    (enough || draft.env.now - lastSent >= ORDER_LIMITS.giveUpMs) &&
    intent.record.state !== "needs_owner"
  ) {
    apply(intent, gatewaySays(draft, "gave_up"));
  }
}

/** What the broker does not show for long stands in the way of no exit; one look at it, and it does. */
function noteNotShown(intent: IntentDraft, present: boolean, enough: boolean): void {
  const { told } = intent.record;
  const mark = notShownMark(intent.record);
  const marked = told.includes(mark);
  if (present && marked) note(intent, { told: told.filter((one) => one !== mark) });
  if (enough && !marked) note(intent, { told: [...told, mark] });
}
