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
import { approvedOrders } from "../../trust/tables/approver-envelopes.ts";
import { lastSaid, latestReceipts, storeReceipt } from "../../trust/tables/approver-receipts.ts";
import { nextStatementSeq } from "../../trust/tables/statement-sequence.ts";
import type { IntentRecord } from "../journal/intent-record.ts";
import type { OwnPageParts } from "./page-service-parts.ts";

/** What became of each answer, signed by this PC: the edge can hold one back and make none up. */

/** From the moment at which an approval was judged until the order stands in the journal. */
export const BEGUN_WITHIN_MS = 60_000;
const NOT_SENT = { verdict: "refused", code: "APPROVAL_EXPIRED" } as const;

type Said = Pick<ReceiptBody, "ticket_sha256" | "intent_hash" | "coid" | "verdict" | "code">;

/** Signs what became of an answer, and keeps it. */
export async function giveReceipt(
  { store, clock, ticketKey }: Pick<OwnPageParts, "store" | "clock" | "ticketKey">,
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
  parts: Pick<OwnPageParts, "store" | "clock" | "ticketKey">,
): Promise<Receipt[]> {
  const { db } = parts.store;
  for (const kept of approvedOrders(db, APPROVER_LIMITS.receiptsMax)) {
    const { coid, signedSha256 } = kept;
    if (coid === null || signedSha256 === null) continue;
    const record = parts.store.intent(coid);
    // What was not begun in time cannot be begun any more: its approval has ended.
    const over = record === null && parts.clock.now() > kept.notAfterMs + BEGUN_WITHIN_MS;
    if (record === null && !over) continue;
    const { verdict, code } = record === null ? NOT_SENT : verdictOf(record);
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
