import type { DatabaseSync } from "node:sqlite";
import { APPROVER_LIMITS } from "@ibkr-edge-gateway/protocol/approval-page/approver-limits.ts";
import {
  ACCEPTED_CODES,
  RECEIPT_KIND,
  type Receipt,
  type ReceiptBody,
  type Verdict,
} from "@ibkr-edge-gateway/protocol/approval-page/approver-receipt.ts";
import { DOMAINS, signBody } from "@ibkr-edge-gateway/protocol/approval-page/signed-body.ts";
import { isInDoubt } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { approvedOrders, findEnvelope } from "../../trust/tables/approver-envelopes.ts";
import { lastSaid, latestReceipts, storeReceipt } from "../../trust/tables/approver-receipts.ts";
import { wasSpentFor } from "../../trust/tables/nonces.ts";
import { nextStatementSeq } from "../../trust/tables/statement-sequence.ts";
import type { IntentRecord } from "../journal/intent-record.ts";
import type { PageServiceParts } from "./page-service-parts.ts";

/** What became of each answer, signed by this PC: the edge can hold one back and make none up. */

/** From the moment at which an approval was judged until the order stands in the journal. */
export const BEGUN_WITHIN_MS = 60_000;
/** A cancel of somebody else's order leaves no record here: that it was begun is all that is known. */
const BEGUN = { verdict: "unknown", code: null } as const;
const NOT_SENT = { verdict: "refused", code: "APPROVAL_EXPIRED" } as const;

type Said = Pick<ReceiptBody, "ticket_sha256" | "intent_hash" | "coid" | "verdict" | "code">;

/** Signs what became of an answer, and keeps it. */
export async function giveReceipt(
  { store, clock, ticketKey }: Pick<PageServiceParts, "store" | "clock" | "ticketKey">,
  said: Said,
): Promise<Receipt> {
  const { db } = store;
  const nowMs = clock.now();
  const body: ReceiptBody = {
    v: 1,
    kind: RECEIPT_KIND,
    ...said,
    at: new Date(nowMs).toISOString(),
    pc_seq: nextStatementSeq(db),
  };
  const sign = (message: Uint8Array) => Promise.resolve(ticketKey.sign(message));
  const receipt = { body, signature: await signBody(DOMAINS.receipt, body, sign) };
  storeReceipt(db, receipt, nowMs);
  return receipt;
}

/** The last receipts, the newest first; what changed since the last one of an order has one first. */
export async function currentReceipts(
  parts: Pick<PageServiceParts, "store" | "clock" | "ticketKey">,
): Promise<Receipt[]> {
  const { db } = parts.store;
  for (const kept of approvedOrders(db, APPROVER_LIMITS.receiptsMax)) {
    const { coid, signedSha256 } = kept;
    if (coid === null || signedSha256 === null) continue;
    const record = parts.store.intent(coid);
    const begun = record === null && isBegunCancel(db, kept.ticketSha256, signedSha256);
    // What was not begun in time cannot be begun any more: its approval has ended.
    const over = record === null && parts.clock.now() > kept.notAfterMs + BEGUN_WITHIN_MS;
    if (record === null && !begun && !over) continue;
    const { verdict, code } = record !== null ? verdictOf(record) : begun ? BEGUN : NOT_SENT;
    const before = lastSaid(db, signedSha256);
    // That what was sent ended otherwise is a word of its own.
    if (verdict === before?.verdict && code === before.code) continue;
    await giveReceipt(parts, {
      ticket_sha256: kept.ticketSha256,
      intent_hash: signedSha256,
      coid,
      verdict,
      code,
    });
  }
  return latestReceipts(db, APPROVER_LIMITS.receiptsMax);
}

/** Whether a cancel of somebody else's order that was approved went on its way. */
function isBegunCancel(db: DatabaseSync, ticketSha256: string, signedSha256: string): boolean {
  if (!wasSpentFor(db, signedSha256)) return false;
  const envelope = findEnvelope(db, ticketSha256)?.envelope;
  return envelope?.act === "order" && envelope.body.ticket.order.action === "cancel";
}

function verdictOf(record: IntentRecord): { verdict: Verdict; code: string | null } {
  const { state, sent, refusals } = record;
  if (isInDoubt(state)) return { verdict: "unknown", code: null };
  if (state === "filled") return { verdict: "filled", code: null };
  if (state === "rejected" || !sent) {
    const ended = state === "rejected" || state === "cancelled" || state === "expired";
    return ended
      ? { verdict: "refused", code: refusals[0]?.code ?? state }
      : { verdict: "accepted", code: ACCEPTED_CODES.gatewayTook };
  }
  return { verdict: "sent", code: state === "cancelled" || state === "expired" ? state : null };
}
