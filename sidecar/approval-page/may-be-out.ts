import type { ReceiptBody } from "@ibkr-edge-gateway/protocol/approval-page/approver-receipt.ts";
import type { Answered, Kept } from "./kept-in-browser.ts";

/** The last word of the PC about one yes: the receipt with its highest number; null when there is none. */
export function lastReceipt(kept: Kept, answered: Answered): ReceiptBody | null {
  return (
    kept.receipts.find(
      ({ ticket_sha256, intent_hash }) =>
        ticket_sha256 === answered.ticket_sha256 && intent_hash === answered.signed_sha256,
    ) ?? null
  );
}

/** Whether nobody can say yet that this yes came to an end. */
export function isOpen(kept: Kept, answered: Answered): boolean {
  const last = lastReceipt(kept, answered);
  return last === null || last.verdict === "unknown" || last.verdict === "accepted";
}

/**
 * An earlier yes to an order that would do the same thing, of which no end is known: while there is
 * one, a second order of the kind is not offered. Who withholds a receipt gets no second order for it.
 */
export function mayBeOut(kept: Kept, economicHash: string, ticketSha256: string): Answered | null {
  return (
    kept.answered.find(
      (answered) =>
        answered.economic_hash === economicHash &&
        answered.ticket_sha256 !== ticketSha256 &&
        isOpen(kept, answered),
    ) ?? null
  );
}

/** Whether this very envelope was answered here before. */
export const wasAnswered = (kept: Kept, ticketSha256: string): boolean =>
  kept.answered.some(({ ticket_sha256 }) => ticket_sha256 === ticketSha256);
