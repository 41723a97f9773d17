import type { GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import { failure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import { approvalAnnounce } from "@ibkr-edge-gateway/protocol/operations/approval-announce.ts";
import type {
  ShownApproval,
  ShownOrder,
} from "@ibkr-edge-gateway/protocol/operations/edge-orders.ts";
import { newNonce } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { neverByDefault } from "@ibkr-edge-gateway/protocol/orders/question.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/refusal.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import { listClients } from "../../clients/clients.ts";
import { type AgentAsker, iso, type OrderParts } from "../order-context.ts";
import { nextStepFor, shownOrder } from "../rules/order-view.ts";
import { keyIsTaken } from "../rules/seen-key.ts";
import { submitCallText } from "../rules/submit-call.ts";
import { refusalsOf } from "../rules/submit-types.ts";
import { askSidecar } from "../sidecar/request.ts";
import {
  type Approval,
  approvalsForPreview,
  findApproval,
  requestApproval,
} from "../tables/approvals.ts";
import { findIntent, type IntentRow } from "../tables/intents.ts";
import type { SignedMandate } from "../tables/mandates.ts";
import { pcRefusals } from "../tables/preview-notes.ts";
import { findPreview, type Preview } from "../tables/previews.ts";
import { keepSendWish, sendWish } from "../tables/sends.ts";
import { judge, lasting } from "./preview.ts";

export interface Asked {
  outcome: "asked" | "granted" | "refused";
  approval: ShownApproval | null;
  refusals: OrderRefusal[];
  next_step: string;
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
    const preview = findPreview(sql, input.preview_id);
    if (
      preview === null ||
      preview.clientId !== asker.clientId ||
      preview.brokerAccount !== input.account_id
    ) {
      return no(parts, asker, input.account_id, [
        refusal("PREVIEW_EXPIRED", "preview_id", "own_preview", "There is no such preview."),
      ]);
    }
    if (nowMs >= preview.expiresAt) {
      return no(parts, asker, input.account_id, [
        refusal("PREVIEW_EXPIRED", "preview_id", "fresh", "The preview has expired; make another."),
      ]);
    }
    const open = openRequest(sql, preview.previewId, nowMs);
    if (open !== null) {
      const misfit = otherwiseAsked(sql, open, send);
      return misfit === null ? yes(parts, open) : no(parts, asker, input.account_id, [misfit]);
    }
    const cannot = send === null ? null : cannotSend(sql, asker, preview, send, nowMs);
    if (cannot !== null) return no(parts, asker, input.account_id, [cannot]);
    // The clock was judged at the preview; at the submit it is judged again.
    const { verdict, policy, covered } = judge(parts, asker, preview, 0);
    const standing = [
      ...refusalsOf({ ...verdict, failures: lasting(verdict) }),
      ...pcRefusals(sql, preview.previewId),
    ];
    if (policy === null || standing.length > 0) return no(parts, asker, input.account_id, standing);
    const under = verdict.required_tier === 0 ? covered : null;
    const approval = requestApproval(
      sql,
      {
        approvalId: `ap_${ulid(nowMs)}`,
        gatewayAccountId: parts.accountId,
        preview,
        policy,
        tier: verdict.required_tier,
        // What the page shows the owner is accepted by the tap; what changes an order never is.
        acceptedWarnings:
          under !== null
            ? under.acceptedWarnings
            : preview.ticket.warnings
                .filter(
                  (warning) => warning.message_id !== null && neverByDefault(warning) === null,
                )
                .map(({ message_id, fingerprint }) => ({ message_id, fingerprint })),
        ttlSeconds: input.ttl_seconds ?? null,
        nonce: newNonce((bytes) => crypto.getRandomValues(new Uint8Array(bytes))),
        ...(under === null ? {} : { mandateId: under.signed.mandate.mandate_id }),
      },
      nowMs,
    );
    // Inside a mandate nobody taps, so that nothing would ever set it off.
    if (send !== null && under === null) {
      const { clientId, scopes } = asker;
      const { approvalId } = approval;
      keepSendWish(sql, {
        approvalId,
        clientId,
        scopes,
        key: send.key,
        said: send.said(approvalId),
      });
    }
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
        ...(send !== null && under === null ? { sends: "yes" } : {}),
      },
    });
    if (under !== null) noteGranted(parts, asker, approval, under.signed);
    return yes(parts, approval);
  });
}

/** The submit that the agent wants the owner's approval to make. */
export interface WantedSend {
  /** Its idempotency key. */
  key: string;
  action: "place" | "modify";
  /** The words of its own submit of this approval. */
  said(approvalId: string): JsonObject;
}

/** Asked again with another wish than the one the owner's page shows; null where it is the same. */
function otherwiseAsked(
  sql: SqlStorage,
  open: Approval,
  send: WantedSend | null,
): OrderRefusal | null {
  if (send === null || open.mandateId !== null) return null;
  const wish = sendWish(sql, open.approvalId);
  if (wish?.key === send.key) return null;
  return refusal(
    "IDEMPOTENCY_CONFLICT",
    "submit_on_approval",
    "same_request",
    wish === null
      ? "The owner was asked about this preview already, without submit_on_approval. Wait for the answer and submit it, or make a new preview."
      : "The owner was asked about this preview already, under another idempotency key. Use that key, or make a new preview.",
  );
}

/** What would stop the submit whatever the owner says, before the owner is asked. */
function cannotSend(
  sql: SqlStorage,
  asker: AgentAsker,
  preview: Preview,
  send: WantedSend,
  nowMs: number,
): OrderRefusal | null {
  const { mode, action } = preview.ticket.order;
  const needed = `ibkr:orders:${mode}:${action === "modify" ? "modify" : "submit"}`;
  if (!asker.scopes.includes(needed)) {
    return refusal(
      "AUTH_MISSING_SCOPE",
      "submit_on_approval",
      "may_submit",
      `This connection may not send it: it was not granted ${needed}.`,
    );
  }
  if (action !== send.action) {
    return refusal(
      "APPROVAL_PREVIEW_MISMATCH",
      "submit_on_approval",
      "same_action",
      "To send a change on approval, say submit_on_approval in the call that asks for the change.",
    );
  }
  return keyIsTaken(sql, asker.clientId, send.key, nowMs)
    ? refusal(
        "IDEMPOTENCY_CONFLICT",
        "idempotency_key",
        "unused",
        "The idempotency key stands for another order already. Use a new one.",
      )
    : null;
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

/**
 * Shows the request at the PC, with the number of tier 2. Whether that works is no condition: the
 * sidecar itself insists on the number when it is time.
 */
export async function announce(parts: OrderParts, approvalId: string): Promise<void> {
  const approval = findApproval(parts.storage.sql, approvalId, parts.now());
  if (approval === null || approval.state !== "pending") return;
  const client = listClients(parts.storage.sql).find(
    ({ clientId }) => clientId === approval.clientId,
  );
  await askSidecar(
    parts,
    approvalAnnounce,
    {
      preview_id: approval.previewId,
      tier: approval.tier === 2 ? 2 : 1,
      requested_by: (client?.clientName ?? "an agent").slice(0, 80),
    },
    { scope: "ibkr:approvals:create", account: approval.brokerAccount },
  );
}

export type Status =
  | { ok: true; approval: ShownApproval; order: ShownOrder | null; next_step: string }
  | { ok: false; failure: GatewayFailure };

export function approvalStatus(
  parts: OrderParts,
  asker: AgentAsker,
  input: { account_id: string; approval_id: string },
): Status {
  const { sql } = parts.storage;
  const approval = findApproval(sql, input.approval_id, parts.now());
  if (
    approval === null ||
    approval.clientId !== asker.clientId ||
    approval.brokerAccount !== input.account_id
  ) {
    return { ok: false, failure: failure("NOT_FOUND", "There is no such approval.") };
  }
  const intent = findIntent(sql, approval.intent.coid);
  const order = intent === null ? null : shownOrder(intent, parts.now());
  return {
    ok: true,
    approval: shownApproval(parts, approval),
    order,
    next_step: nextAfter(sql, approval, intent),
  };
}

const NEXT: Record<Exclude<Approval["state"], "approved">, string> = {
  pending: "Give the owner the link and wait for the decision.",
  reserved: "A submit holds it; read its order.",
  consumed: "It was used; it cannot be used again.",
  denied: "The owner said no. The same order cannot be asked for again for ten minutes.",
  expired: "It expired unanswered. Make a new preview and ask again.",
  revoked: "It was withdrawn. Make a new preview and ask again.",
};

/** A submit that never left has given its approval back: what its order says is over. */
function nextAfter(sql: SqlStorage, approval: Approval, intent: IntentRow | null): string {
  if (intent === null) return nextStep(sql, approval);
  return approval.state === "approved" && intent.delivered === 0
    ? "It was not sent: the PC did not take it up. The approval still holds; submit it again under a new key before it expires."
    : nextStepFor(intent.state);
}

function nextStep(sql: SqlStorage, approval: Approval): string {
  const wish = sendWish(sql, approval.approvalId);
  if (wish !== null && approval.state === "pending") {
    return "Give the owner the link. The order is sent by the owner's Approve and send; do not submit it. Wait with ibkr_approval_status and wait_seconds.";
  }
  if (approval.state !== "approved") return NEXT[approval.state];
  const happened =
    wish !== null
      ? "The owner approved it and did not send it."
      : approval.mandateId !== null
        ? `Granted without a tap, under the owner's mandate ${approval.mandateId}; the owner is told of the order.`
        : "The owner approved it; it is not sent yet.";
  const call = submitCallText(approval, wish?.key ?? `submit-${approval.approvalId}`, wish?.said);
  return `${happened} Send it before ${iso(approval.expiresAt)}: call ${call}`;
}

export function shownApproval(parts: OrderParts, approval: Approval): ShownApproval {
  return {
    approval_id: approval.approvalId,
    preview_id: approval.previewId,
    state: approval.state,
    tier: approval.tier,
    mandate_id: approval.mandateId,
    submit_on_approval: sendWish(parts.storage.sql, approval.approvalId) !== null,
    approval_url: `${parts.origin}/approvals/${approval.approvalId}`,
    expires_at: iso(approval.expiresAt),
  };
}

function openRequest(sql: SqlStorage, previewId: string, nowMs: number): Approval | null {
  for (const approvalId of approvalsForPreview(sql, previewId)) {
    const approval = findApproval(sql, approvalId, nowMs);
    if (approval?.state === "pending" || approval?.state === "approved") return approval;
  }
  return null;
}

function yes(parts: OrderParts, approval: Approval): Asked {
  return {
    outcome: approval.mandateId === null ? "asked" : "granted",
    approval: shownApproval(parts, approval),
    refusals: [],
    next_step: nextStep(parts.storage.sql, approval),
  };
}

function no(
  parts: OrderParts,
  asker: AgentAsker,
  brokerAccount: string,
  refusals: OrderRefusal[],
): Asked {
  parts.log({
    type: "order.refused",
    kind: "agent",
    clientId: asker.clientId,
    sidecarId: parts.relay.presence().sidecarId,
    brokerAccount,
    decision: "refuse",
    errorCode: refusals[0]?.code ?? "INTERNAL",
    requestId: asker.requestId,
    meta: {
      at: "approval",
      codes: refusals
        .map(({ code }) => code)
        .join(",")
        .slice(0, 300),
    },
  });
  return {
    outcome: "refused",
    approval: null,
    refusals,
    next_step: "Nothing was asked of the owner. Correct what is named, or let the owner change it.",
  };
}
