import type { GatewayFailure } from "../../../src/protocol/errors.ts";
import { failure } from "../../../src/protocol/errors.ts";
import { approvalAnnounce } from "../../../src/protocol/operations/approval-announce.ts";
import type { ShownApproval, ShownOrder } from "../../../src/protocol/operations/edge-orders.ts";
import { newNonce } from "../../../src/protocol/orders/intent.ts";
import { neverByDefault } from "../../../src/protocol/orders/question.ts";
import { type OrderRefusal, refusal } from "../../../src/protocol/orders/refusal.ts";
import { ulid } from "../../../src/protocol/ulid.ts";
import { listClients } from "../clients.ts";
import { type Approval, findApproval, requestApproval } from "./approvals.ts";
import { askSidecar } from "./ask-sidecar.ts";
import { findIntent } from "./intents.ts";
import type { SignedMandate } from "./mandates.ts";
import { type Asker, iso, type OrderParts } from "./parts.ts";
import { pcRefusals } from "./preview-notes.ts";
import { findPreview } from "./previews.ts";
import { judge, lasting } from "./service-preview.ts";
import { nextStepFor, shownOrder } from "./shown-order.ts";
import { refusalsOf } from "./submit.ts";

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
  asker: Asker,
  input: { account_id: string; preview_id: string; ttl_seconds?: number | undefined },
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
    if (open !== null) return yes(parts, open);
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
      },
    });
    if (under !== null) noteGranted(parts, asker, approval, under.signed);
    return yes(parts, approval);
  });
}

/** The owner's yes, given beforehand: its leaf names the mandate, and nobody else. */
function noteGranted(
  parts: OrderParts,
  asker: Asker,
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
  asker: Asker,
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
    next_step: order === null ? nextStep(approval) : nextStepFor(order.state),
  };
}

const NEXT: Record<Approval["state"], string> = {
  pending: "Give the owner the link and wait for the decision.",
  approved: "Submit the order with this approval before it expires.",
  reserved: "A submit holds it; read its order.",
  consumed: "It was used; it cannot be used again.",
  denied: "The owner said no. The same order cannot be asked for again for ten minutes.",
  expired: "It expired unanswered. Make a new preview and ask again.",
  revoked: "It was withdrawn. Make a new preview and ask again.",
};

function nextStep(approval: Approval): string {
  return approval.state === "approved" && approval.mandateId !== null
    ? `Granted without a tap, under the owner's mandate ${approval.mandateId}; the owner is told of the order. Submit it with this approval before it expires.`
    : NEXT[approval.state];
}

export function shownApproval(parts: OrderParts, approval: Approval): ShownApproval {
  return {
    approval_id: approval.approvalId,
    preview_id: approval.previewId,
    state: approval.state,
    tier: approval.tier,
    mandate_id: approval.mandateId,
    approval_url: `${parts.origin}/approvals/${approval.approvalId}`,
    expires_at: iso(approval.expiresAt),
  };
}

function openRequest(sql: SqlStorage, previewId: string, nowMs: number): Approval | null {
  const rows = sql
    .exec<{ approval_id: string }>(
      "SELECT approval_id FROM order_approvals WHERE preview_id = ? ORDER BY created_at DESC",
      previewId,
    )
    .toArray();
  for (const { approval_id } of rows) {
    const approval = findApproval(sql, approval_id, nowMs);
    if (approval?.state === "pending" || approval?.state === "approved") return approval;
  }
  return null;
}

function yes(parts: OrderParts, approval: Approval): Asked {
  return {
    outcome: approval.mandateId === null ? "asked" : "granted",
    approval: shownApproval(parts, approval),
    refusals: [],
    next_step: nextStep(approval),
  };
}

function no(
  parts: OrderParts,
  asker: Asker,
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
