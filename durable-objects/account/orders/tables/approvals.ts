import type { Policy } from "@ibkr-edge-gateway/policy/document.ts";
import { Assertion } from "@ibkr-edge-gateway/protocol/approval/assertion.ts";
import {
  type ApprovalEvent,
  ApprovalState,
  approvalAfter,
  approvalTtlSeconds,
} from "@ibkr-edge-gateway/protocol/approval/states.ts";
import type { Tier } from "@ibkr-edge-gateway/protocol/approval/tier.ts";
import {
  type AcceptedWarning,
  Intent,
  intentHash,
  intentOf,
} from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import * as z from "zod";
import type { OrderLog } from "../order-log.ts";
import type { Preview } from "./previews.ts";
import type { OrderStorage } from "./storage.ts";

/** One request to the owner, and what became of it. The requester is never the one who decides. */
export interface Approval {
  approvalId: string;
  previewId: string;
  intentHash: string;
  intent: Intent;
  clientId: string;
  brokerAccount: string;
  economicHash: string;
  tier: Tier;
  state: ApprovalState;
  assertion: Assertion | null;
  echo: number | null;
  /** Given under this mandate, without a tap; null where the owner decides. */
  mandateId: string | null;
  createdAt: number;
  expiresAt: number;
}

/**
 * Asks. One preview has one request: asking again while it is open gives the same one back. The
 * intent is fixed here, with its nonce and its end, so that the page signs what will be sent. Under a
 * mandate that the caller found to cover the order it is given at once, at tier 0.
 */
export function requestApproval(
  sql: SqlStorage,
  request: {
    approvalId: string;
    gatewayAccountId: string;
    preview: Preview;
    policy: Policy;
    tier: Tier;
    acceptedWarnings: AcceptedWarning[];
    ttlSeconds: number | null;
    nonce: string;
    mandateId?: string;
  },
  nowMs: number,
): Approval {
  const { preview, policy } = request;
  const open = approvalsOf(sql, preview.previewId).find(
    (approval) =>
      (approval.state === "pending" || approval.state === "approved") && nowMs < approval.expiresAt,
  );
  if (open !== undefined) return open;
  const expiresAt = Math.min(
    nowMs + approvalTtlSeconds(request.ttlSeconds) * 1_000,
    // An approval outlives neither its preview at the sidecar nor the numbers the owner saw.
    preview.expiresAt,
  );
  const intent = intentOf({
    v: 1,
    ticket: preview.ticket,
    gateway_account_id: request.gatewayAccountId,
    sidecar_id: preview.sidecarId,
    generation: preview.generation,
    preview_id: preview.previewId,
    policy_version: policy.version,
    policy_hash: policy.hash,
    accepted_warnings: request.acceptedWarnings,
    nonce: request.nonce,
    not_after: new Date(expiresAt).toISOString(),
  });
  const approval: Approval = {
    approvalId: request.approvalId,
    previewId: preview.previewId,
    intentHash: intentHash(intent),
    intent,
    clientId: preview.clientId,
    brokerAccount: preview.brokerAccount,
    economicHash: preview.economicHash,
    tier:
      request.mandateId !== undefined ? 0 : Math.max(request.tier, preview.leastTier) === 2 ? 2 : 1,
    state: request.mandateId === undefined ? "pending" : "approved",
    assertion: null,
    echo: null,
    mandateId: request.mandateId ?? null,
    createdAt: nowMs,
    expiresAt,
  };
  sql.exec(
    `INSERT INTO order_approvals (approval_id, preview_id, intent_hash, intent, client_id,
       broker_account, economic_hash, tier, state, mandate_id, decided_at, created_at, expires_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    approval.approvalId,
    approval.previewId,
    approval.intentHash,
    JSON.stringify(intent),
    approval.clientId,
    approval.brokerAccount,
    approval.economicHash,
    approval.tier,
    approval.state,
    approval.mandateId,
    approval.mandateId === null ? null : nowMs,
    nowMs,
    expiresAt,
  );
  return approval;
}

/**
 * Moves an approval on, and only from the state it is believed to be in: two who act at once cannot
 * both succeed. Null when it stands elsewhere by now.
 */
export function moveApproval(
  sql: SqlStorage,
  approvalId: string,
  event: ApprovalEvent,
  nowMs: number,
): ApprovalState | null {
  const [row] = sql
    .exec<{ state: string; expires_at: number }>(
      "SELECT state, expires_at FROM order_approvals WHERE approval_id = ?",
      approvalId,
    )
    .toArray();
  if (row === undefined) return null;
  const stored = ApprovalState.parse(row.state);
  const next = approvalAfter(standing(stored, row.expires_at, nowMs), event);
  if (next === null) return null;
  const moved = sql
    .exec(
      `UPDATE order_approvals SET state = ?, decided_at = COALESCE(decided_at, ?)
       WHERE approval_id = ? AND state = ? RETURNING 1`,
      next,
      nowMs,
      approvalId,
      stored,
    )
    .toArray();
  return moved.length > 0 ? next : null;
}

/** The owner said yes; the assertion was verified by the caller and is kept for the sidecar. */
export function approve(
  sql: SqlStorage,
  approvalId: string,
  decision: { assertion: Assertion; echo: number | null },
  nowMs: number,
): boolean {
  if (moveApproval(sql, approvalId, "approve", nowMs) === null) return false;
  sql.exec(
    "UPDATE order_approvals SET assertion = ?, echo = ? WHERE approval_id = ?",
    JSON.stringify(decision.assertion),
    decision.echo,
    approvalId,
  );
  return true;
}

/** The owner's decision and its leaf, in one transaction. Null when the request stands elsewhere by now. */
export function decideApproval(
  storage: OrderStorage,
  decision: { approvalId: string; requestId: string } & (
    | {
        say: "approve";
        assertion: Assertion;
        echo: number | null;
        /** The order goes out with this very decision. */
        sends?: boolean;
      }
    | { say: "deny" | "revoke" }
  ),
  nowMs: number,
  log: OrderLog,
): Approval | null {
  return storage.transactionSync(() => {
    const { sql } = storage;
    const moved =
      decision.say === "approve"
        ? approve(sql, decision.approvalId, decision, nowMs)
        : moveApproval(sql, decision.approvalId, decision.say, nowMs) !== null;
    const approval = findApproval(sql, decision.approvalId, nowMs);
    if (!moved || approval === null) return null;
    log({
      type: "approval.decided",
      kind: "owner",
      clientId: approval.clientId,
      sidecarId: approval.intent.sidecar_id,
      brokerAccount: approval.brokerAccount,
      decision: decision.say === "approve" ? "allow" : "deny",
      errorCode: null,
      requestId: decision.requestId,
      meta: {
        approval_id: approval.approvalId,
        intent_hash: approval.intentHash,
        said: decision.say,
        tier: String(approval.tier),
        ...(decision.say === "approve" && decision.sends === true ? { sends: "yes" } : {}),
      },
    });
    return approval;
  });
}

const Row = z.object({
  approval_id: z.string(),
  preview_id: z.string(),
  intent_hash: z.string(),
  intent: z.string(),
  client_id: z.string(),
  broker_account: z.string(),
  economic_hash: z.string(),
  tier: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  state: ApprovalState,
  assertion: z.string().nullable(),
  echo: z.number().nullable(),
  mandate_id: z.string().nullable(),
  created_at: z.number(),
  expires_at: z.number(),
});

/** As it stands now: one whose time is over is expired, whatever its row still says. */
export function findApproval(sql: SqlStorage, approvalId: string, nowMs: number): Approval | null {
  const [row] = sql
    .exec("SELECT * FROM order_approvals WHERE approval_id = ?", approvalId)
    .toArray();
  return row === undefined ? null : approvalOf(row, nowMs);
}

/** The requests that wait for the owner, oldest first. */
export function pendingApprovals(sql: SqlStorage, nowMs: number): Approval[] {
  return sql
    .exec(
      "SELECT * FROM order_approvals WHERE state = 'pending' AND expires_at > ? ORDER BY created_at",
      nowMs,
    )
    .toArray()
    .map((row) => approvalOf(row, nowMs));
}

/** How often a client has asked the owner within a time; under a mandate nobody is asked. */
export function approvalsAsked(sql: SqlStorage, clientId: string, sinceMs: number): number {
  return sql
    .exec<{ asked: number }>(
      `SELECT COUNT(*) AS asked FROM order_approvals
       WHERE client_id = ? AND created_at > ? AND mandate_id IS NULL`,
      clientId,
      sinceMs,
    )
    .one().asked;
}

function approvalsOf(sql: SqlStorage, previewId: string): Approval[] {
  return sql
    .exec("SELECT * FROM order_approvals WHERE preview_id = ?", previewId)
    .toArray()
    .map((row) => approvalOf(row, Number.NEGATIVE_INFINITY));
}

function approvalOf(found: unknown, nowMs: number): Approval {
  const row = Row.parse(found);
  return {
    approvalId: row.approval_id,
    previewId: row.preview_id,
    intentHash: row.intent_hash,
    intent: Intent.parse(JSON.parse(row.intent)),
    clientId: row.client_id,
    brokerAccount: row.broker_account,
    economicHash: row.economic_hash,
    tier: row.tier,
    state: standing(row.state, row.expires_at, nowMs),
    assertion: row.assertion === null ? null : Assertion.parse(JSON.parse(row.assertion)),
    echo: row.echo,
    mandateId: row.mandate_id,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}

/** One whose time is over is expired, whatever its row still says. */
function standing(state: ApprovalState, expiresAt: number, nowMs: number): ApprovalState {
  const open = state === "pending" || state === "approved";
  return open && nowMs >= expiresAt ? "expired" : state;
}

/** What was given under a mandate and is not used yet goes with it; how many. */
export function revokeUnderMandate(sql: SqlStorage, mandateId: string, nowMs: number): number {
  return sql
    .exec(
      `UPDATE order_approvals SET state = 'revoked', decided_at = ?
       WHERE mandate_id = ? AND state = 'approved' RETURNING 1`,
      nowMs,
      mandateId,
    )
    .toArray().length;
}

/** Orders of an account that the owner denied since a moment. */
export function deniedSince(
  sql: SqlStorage,
  brokerAccount: string,
  sinceMs: number,
): { economic_hash: string; decided_at: number }[] {
  return sql
    .exec<{ economic_hash: string; decided_at: number }>(
      `SELECT economic_hash, decided_at FROM order_approvals
       WHERE broker_account = ? AND state = 'denied' AND decided_at > ?`,
      brokerAccount,
      sinceMs,
    )
    .toArray();
}

/** The newest, whatever became of them. */
export function latestApprovals(sql: SqlStorage, limit: number): string[] {
  return sql
    .exec<{ approval_id: string }>(
      "SELECT approval_id FROM order_approvals ORDER BY created_at DESC LIMIT ?",
      limit,
    )
    .toArray()
    .map(({ approval_id }) => approval_id);
}

/** The requests that a preview led to, the newest first. */
export function approvalsForPreview(sql: SqlStorage, previewId: string): string[] {
  return sql
    .exec<{ approval_id: string }>(
      "SELECT approval_id FROM order_approvals WHERE preview_id = ? ORDER BY created_at DESC",
      previewId,
    )
    .toArray()
    .map(({ approval_id }) => approval_id);
}

/** The state and the mandate as they stand in the row; null when it is gone. */
export function storedApproval(
  sql: SqlStorage,
  approvalId: string,
): { state: string; mandateId: string | null } | null {
  const [row] = sql
    .exec<{ state: string; mandate_id: string | null }>(
      "SELECT state, mandate_id FROM order_approvals WHERE approval_id = ?",
      approvalId,
    )
    .toArray();
  return row === undefined ? null : { state: row.state, mandateId: row.mandate_id };
}

/** The notionals of what was given under a mandate and may still be used. */
export function openUnderMandate(
  sql: SqlStorage,
  mandateId: string,
  nowMs: number,
): (string | null)[] {
  return sql
    .exec<{ notional: string | null }>(
      `SELECT json_extract(intent, '$.ticket.notional') AS notional FROM order_approvals
       WHERE mandate_id = ? AND state = 'approved' AND expires_at > ?`,
      mandateId,
      nowMs,
    )
    .toArray()
    .map(({ notional }) => notional);
}
