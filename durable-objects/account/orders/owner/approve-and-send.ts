import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import type { Decided } from "../../rpc/order-views.ts";
import { prepareSubmit, submitRequest, writeDigest } from "../agent/prepare-submit.ts";
import type { WriteRequest } from "../agent/write-once.ts";
import type { Fresh } from "../facts/fresh-facts.ts";
import type { AgentAsker, OrderParts } from "../order-context.ts";
import type { InFlight } from "../sidecar-calls/in-flight.ts";
import { freshFacts } from "../sidecar-calls/read-fresh-facts.ts";
import { sendOrder } from "../sidecar-calls/send-order.ts";
import { type Approval, findApproval } from "../tables/approvals.ts";
import { findPreview } from "../tables/previews.ts";
import type { SendWish } from "../tables/sends.ts";
import { approveAndSendTransaction } from "../transactions/approve-and-send-transaction.ts";
import type { Yes } from "../transactions/decide-approval.ts";

/**
 * *Approve and send*: the submit that the agent asked for beforehand, set off by the owner's passkey
 * and made in the object, whether or not the agent is still there.
 */

/** How long the owner's page waits for what became of it, from the moment it was let out. */
const SHOWN_AFTER_MS = 8_000;

export type ReadToSend = { ok: true; fresh: Fresh } | Extract<Decided, { ok: false }>;

/** The numbers the submit is judged by, read before anything is approved. */
export async function readToSend(
  parts: OrderParts,
  inFlight: InFlight,
  approval: Approval,
): Promise<ReadToSend> {
  const preview = findPreview(parts.storage.sql, approval.previewId);
  if (preview === null) return notSent("The preview is gone.");
  const read = await freshFacts(parts, inFlight, preview);
  if (read.ok) return read;
  return notSent("failure" in read ? read.failure.message : read.changed);
}

/** Approves and submits in one transaction, then sends. Nothing is approved where nothing is let out. */
export async function approveAndSend(
  parts: OrderParts,
  inFlight: InFlight,
  wanted: {
    approval: Approval;
    wish: SendWish;
    said: Yes;
    fresh: Fresh;
    requestId: string;
  },
): Promise<Decided> {
  const { approval, wish, said, fresh, requestId } = wanted;
  const asker: AgentAsker = {
    kind: "agent",
    clientId: wish.clientId,
    scopes: wish.scopes,
    requestId,
  };
  const request = writeOf(approval, wish);
  const startedAt = parts.now();
  const { conditions, refusals } = prepareSubmit(
    parts,
    asker,
    request,
    fresh,
    findPreview(parts.storage.sql, approval.previewId)?.facts.effect ?? null,
  );
  const digest = writeDigest(wish.said);
  const submit = submitRequest(asker, request, digest, fresh, ulid(startedAt));
  const decided =
    refusals.length > 0
      ? { kind: "refused" as const, refusals }
      : approveAndSendTransaction(
          parts.storage,
          said,
          { ...submit, approvalId: approval.approvalId },
          conditions,
          parts.log,
        );
  if (decided.kind === "not_open") {
    return { ok: false, reason: "not_open", detail: "The request was decided meanwhile." };
  }
  if (decided.kind === "refused") {
    noteNotSent(parts, approval, decided.refusals, requestId);
    return notSent(decided.refusals.map(({ message }) => message).join(" "));
  }
  const slot = `${asker.clientId}\n${request.key}`;
  const sent = { ...request, requestId };
  const answer = sendOrder(parts, inFlight, sent, decided, startedAt, SHOWN_AFTER_MS);
  // An agent that submits with the same key at this moment waits for the same answer.
  const free = !inFlight.running.has(slot);
  if (free) inFlight.running.set(slot, { digest, answer });
  try {
    await answer;
  } finally {
    if (free) inFlight.running.delete(slot);
  }
  const { state } = findApproval(parts.storage.sql, approval.approvalId, parts.now()) ?? approval;
  return { ok: true, state };
}

/** The agent's own submit of this approval, word for word. */
function writeOf(approval: Approval, wish: SendWish): WriteRequest {
  const { mode, action } = approval.intent.ticket.order;
  const verb = action === "modify" ? "modify" : "submit";
  return {
    key: wish.key,
    said: wish.said,
    accountId: approval.brokerAccount,
    mode,
    previewId: approval.previewId,
    approvalId: approval.approvalId,
    scope: `ibkr:orders:${mode}:${verb}`,
  };
}

/** The two leaves of a try that failed; those of the transaction went with it. */
function noteNotSent(
  parts: OrderParts,
  approval: Approval,
  refusals: readonly { code: string }[],
  requestId: string,
): void {
  const shared = {
    clientId: approval.clientId,
    sidecarId: approval.intent.sidecar_id,
    brokerAccount: approval.brokerAccount,
    decision: "refuse" as const,
    errorCode: refusals[0]?.code ?? "INTERNAL",
    requestId,
  };
  const { approvalId, intentHash, previewId } = approval;
  parts.log({
    ...shared,
    type: "order.refused",
    kind: "agent",
    meta: {
      at: "submit",
      preview_id: previewId,
      codes: refusals.map(({ code }) => code).join(","),
      trigger: "approval",
    },
  });
  parts.log({
    ...shared,
    type: "approval.decided",
    kind: "owner",
    meta: { approval_id: approvalId, intent_hash: intentHash, said: "approve", sends: "yes" },
  });
}

export const notSent = (detail: string): Extract<Decided, { ok: false }> => ({
  ok: false,
  reason: "not_sent",
  detail,
});
