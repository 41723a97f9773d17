import { mandateHash } from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import { type IntentRecord, plannedOrders } from "../journal/record.ts";
import type { KeptPreview } from "../journal/store.ts";
import type { Facts, SubmitInput } from "./context.ts";

/** The intent as it is journaled before its POST. */
export function newRecord({
  input,
  jobId,
  intentHash,
  preview,
  facts,
  action,
  nowMs,
}: {
  input: SubmitInput;
  jobId: string;
  intentHash: string;
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
    accepted_warnings: input.approval.accepted_warnings,
    generation: preview.generation,
    effect: facts.effect?.kind ?? null,
    notional: facts.notional,
    mandate_hash: input.approval.kind === "mandate" ? mandateHash(input.approval.mandate) : null,
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
