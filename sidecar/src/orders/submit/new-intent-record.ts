import { acceptedOfTicket } from "@ibkr-edge-gateway/protocol/orders/broker-question.ts";
import { type IntentRecord, plannedOrders } from "../journal/intent-record.ts";
import type { KeptPreview } from "../journal/previews.ts";
import type { Facts, SubmitInput } from "./submit-context.ts";

/** The intent as it is journaled before its POST. */
export function newRecord({
  input,
  jobId,
  intentHash,
  mandateHash,
  preview,
  facts,
  action,
  nowMs,
}: {
  input: Pick<SubmitInput, "coid" | "account_id"> & {
    approval: Pick<SubmitInput["approval"], "preview_id" | "accepted_warnings">;
  };
  jobId: string;
  intentHash: string;
  /** Of the mandate that approved it; null for a passkey. */
  mandateHash: string | null;
  preview: KeptPreview;
  facts: Facts;
  action: "place" | "modify";
  /** Milliseconds since the Unix epoch. */
  nowMs: number;
}): IntentRecord {
  return {
    coid: input.coid,
    job_id: jobId,
    action,
    account_id: input.account_id,
    intent_hash: intentHash,
    preview_id: input.approval.preview_id,
    ticket: preview.ticket,
    // What the gateway says was accepted is held to what this PC's own ticket shows.
    accepted_warnings: acceptedOfTicket(input.approval.accepted_warnings, preview.ticket.warnings),
    generation: preview.generation,
    effect: facts.effect?.kind ?? null,
    notional: facts.notional,
    mandate_hash: mandateHash,
    state: "submitting",
    proved_by: "gateway",
    sent: false,
    sent_at: null,
    claimed: false,
    orders: plannedOrders(preview.ticket.order, input.coid),
    question: null,
    answered: [],
    refusals: [],
    broker_text: null,
    alerts: [],
    told: [],
    doubt_since: null,
    version: 0,
    created_at: nowMs,
    updated_at: nowMs,
  };
}
