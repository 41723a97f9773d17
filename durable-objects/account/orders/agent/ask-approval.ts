import type { Policy } from "@ibkr-edge-gateway/policy/document.ts";
import type { EDGE_ORDER_OPERATIONS } from "@ibkr-edge-gateway/protocol/operation-schemas/edge-order-operations.ts";
import type { ShownApproval } from "@ibkr-edge-gateway/protocol/operation-schemas/trade-approvals.ts";
import { neverByDefault } from "@ibkr-edge-gateway/protocol/orders/broker-question.ts";
import { newNonce } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import type * as z from "zod";
import type { AgentAsker, OrderParts } from "../order-context.ts";
import { askedTooOften } from "../rules/approvals/asked-too-often.ts";
import { openRequest, orderedBefore } from "../rules/approvals/open-request.ts";
import { cannotSend, otherwiseAsked, type WantedSend } from "../rules/approvals/wanted-send.ts";
import type { Covered } from "../rules/mandates/mandate-coverage.ts";
import { judgePreview, lasting } from "../rules/previews/judge-preview.ts";
import { refusalsOf } from "../rules/submits/submit-decision.ts";
import type { Approval } from "../tables/approvals.ts";
import type { SignedMandate } from "../tables/mandates.ts";
import { findPreview, type Preview, pcRefusals } from "../tables/previews.ts";
import { keepSendWish } from "../tables/sends.ts";
import { requestApproval } from "../transactions/request-approval.ts";
import { nextStep, shownApproval } from "./approval-status.ts";
import { logRefused } from "./refuse-write.ts";
import { saidToSubmit } from "./submit-approved.ts";

export interface Asked {
  outcome: "asked" | "granted" | "refused";
  approval: ShownApproval | null;
  refusals: OrderRefusal[];
  next_step: string;
}

/** Asks the owner about a new order; with the submit that the approval shall make, where it is said. */
export function askForOrder(
  parts: OrderParts,
  asker: AgentAsker,
  input: z.output<(typeof EDGE_ORDER_OPERATIONS)["trade.ask"]["input"]>,
): Asked {
  const { account_id, submit_on_approval, idempotency_key: key, ...asked } = input;
  const request = { account_id, ...asked };
  if (submit_on_approval !== true || key === undefined) return askApproval(parts, asker, request);
  const order = findPreview(parts.storage.sql, input.preview_id)?.ticket.order;
  return askApproval(parts, asker, request, {
    key,
    action: "place",
    said: (approval_id) => saidToSubmit({ account_id, mode: order?.mode ?? "paper", approval_id }),
  });
}

/**
 * Asks the owner. It grants nothing but what the owner granted beforehand: an order inside a mandate,
 * where the account's policy lets mandates in. Else the answer is a link that only the owner can use.
 */
export function askApproval(
  parts: OrderParts,
  asker: AgentAsker,
  input: { account_id: string; preview_id: string; ttl_seconds?: number | undefined },
  send: WantedSend | null = null,
): Asked {
  const { storage } = parts;
  return storage.transactionSync(() => {
    const { sql } = storage;
    const nowMs = parts.now();
    const refuse = (...refusals: OrderRefusal[]) =>
      notAsked(parts, asker, input.account_id, refusals);
    const preview = findPreview(sql, input.preview_id);
    if (
      preview === null ||
      preview.clientId !== asker.clientId ||
      preview.brokerAccount !== input.account_id
    ) {
      return refuse(
        refusal("PREVIEW_EXPIRED", "preview_id", "own_preview", "There is no such preview."),
      );
    }
    if (nowMs >= preview.expiresAt) {
      return refuse(
        refusal("PREVIEW_EXPIRED", "preview_id", "fresh", "The preview has expired; make another."),
      );
    }
    const open = openRequest(sql, preview.previewId, nowMs);
    if (open !== null) {
      const misfit = otherwiseAsked(sql, open, send);
      return misfit === null ? askedFor(parts, open) : refuse(misfit);
    }
    const second = orderedBefore(sql, preview.previewId, nowMs);
    if (second !== null) return refuse(second);
    const cannot = send === null ? null : cannotSend(sql, asker, preview, send, nowMs);
    if (cannot !== null) return refuse(cannot);
    // The clock was judged at the preview; at the submit it is judged again.
    const { verdict, policy, covered } = judgePreview(parts, asker, preview, 0);
    const standing = [
      ...refusalsOf({ ...verdict, failures: lasting(verdict) }),
      ...pcRefusals(sql, preview.previewId),
    ];
    if (policy === null || standing.length > 0) return refuse(...standing);
    const under = verdict.required_tier === 0 ? covered : null;
    const { max_approvals_per_hour: perHour } = policy.document.clients;
    const tooOften = under === null ? askedTooOften(sql, preview, perHour, nowMs) : null;
    if (tooOften !== null) return refuse(tooOften);
    const approval = newRequest(parts, preview, policy, under, {
      tier: verdict.required_tier,
      ttlSeconds: input.ttl_seconds ?? null,
    });
    // Inside a mandate nobody taps, so that nothing would ever set it off.
    const sends = under === null ? send : null;
    if (sends !== null) keepWish(sql, asker, approval, sends);
    logRequested(parts, asker, approval, preview, policy, sends !== null);
    if (under !== null) noteGranted(parts, asker, approval, under.signed);
    return askedFor(parts, approval);
  });
}

function newRequest(
  parts: OrderParts,
  preview: Preview,
  policy: Policy,
  under: Covered | null,
  terms: Pick<Parameters<typeof requestApproval>[1], "tier" | "ttlSeconds">,
): Approval {
  const nowMs = parts.now();
  // What the page shows the owner is accepted by the tap; what changes an order never is.
  const shown = preview.ticket.warnings
    .filter((warning) => warning.message_id !== null && neverByDefault(warning) === null)
    .map(({ message_id, fingerprint }) => ({ message_id, fingerprint }));
  return requestApproval(
    parts.storage.sql,
    {
      ...terms,
      approvalId: `ap_${ulid(nowMs)}`,
      gatewayAccountId: parts.accountId,
      preview,
      policy,
      acceptedWarnings: under === null ? shown : under.acceptedWarnings,
      nonce: newNonce((bytes) => crypto.getRandomValues(new Uint8Array(bytes))),
      ...(under === null ? {} : { mandateId: under.signed.mandate.mandate_id }),
    },
    nowMs,
  );
}

function keepWish(
  sql: SqlStorage,
  { clientId, scopes }: AgentAsker,
  { approvalId }: Approval,
  { key, said }: WantedSend,
): void {
  keepSendWish(sql, { approvalId, clientId, scopes, key, said: said(approvalId) });
}

function logRequested(
  parts: OrderParts,
  asker: AgentAsker,
  approval: Approval,
  preview: Preview,
  policy: Policy,
  sends: boolean,
): void {
  parts.log({
    type: "approval.requested",
    kind: "agent",
    clientId: asker.clientId,
    sidecarId: preview.sidecarId,
    brokerAccount: preview.brokerAccount,
    decision: "allow",
    errorCode: null,
    requestId: asker.requestId,
    meta: {
      approval_id: approval.approvalId,
      preview_id: preview.previewId,
      intent_hash: approval.intentHash,
      tier: String(approval.tier),
      policy_version: String(policy.version),
      policy_hash: policy.hash,
      ...(sends ? { sends: "yes" } : {}),
    },
  });
}

/** The owner's yes, given beforehand: its leaf names the mandate, and nobody else. */
function noteGranted(
  parts: OrderParts,
  asker: AgentAsker,
  approval: Approval,
  { mandate, hash }: SignedMandate,
): void {
  parts.log({
    type: "approval.decided",
    kind: "gateway",
    clientId: approval.clientId,
    sidecarId: approval.intent.sidecar_id,
    brokerAccount: approval.brokerAccount,
    decision: "allow",
    errorCode: null,
    requestId: asker.requestId,
    meta: {
      approval_id: approval.approvalId,
      intent_hash: approval.intentHash,
      said: "mandate",
      tier: "0",
      mandate_id: mandate.mandate_id,
      mandate_hash: hash,
    },
  });
}

function askedFor(parts: OrderParts, approval: Approval): Asked {
  return {
    outcome: approval.mandateId === null ? "asked" : "granted",
    approval: shownApproval(parts, approval),
    refusals: [],
    next_step: nextStep(parts.storage.sql, approval),
  };
}

function notAsked(
  parts: OrderParts,
  asker: AgentAsker,
  brokerAccount: string,
  refusals: OrderRefusal[],
): Asked {
  const codes = refusals.map(({ code }) => code).join(",");
  logRefused(parts, asker, brokerAccount, refusals, { at: "approval", codes: codes.slice(0, 300) });
  return {
    outcome: "refused",
    approval: null,
    refusals,
    next_step: "Nothing was asked of the owner. Correct what is named, or let the owner change it.",
  };
}
