import {
  APPROVAL_TTL_SECONDS,
  ApprovalState,
} from "@ibkr-edge-gateway/protocol/approval/approval-state.ts";
import type { Tier } from "@ibkr-edge-gateway/protocol/approval/tier.ts";
import { Assertion } from "@ibkr-edge-gateway/protocol/approval/webauthn-assertion.ts";
import { parseCarrying } from "@ibkr-edge-gateway/protocol/operation-schemas/read-newer-version.ts";
import { Intent } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import * as z from "zod";

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

/** A new request as it stands in the table. */
export function insertApproval(
  sql: SqlStorage,
  approval: Omit<Approval, "assertion" | "echo">,
  decidedAt: number | null,
): void {
  sql.exec(
    `INSERT INTO order_approvals (approval_id, preview_id, intent_hash, intent, client_id,
       broker_account, economic_hash, tier, state, mandate_id, decided_at, created_at, expires_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    approval.approvalId,
    approval.previewId,
    approval.intentHash,
    JSON.stringify(approval.intent),
    approval.clientId,
    approval.brokerAccount,
    approval.economicHash,
    approval.tier,
    approval.state,
    approval.mandateId,
    decidedAt,
    approval.createdAt,
    approval.expiresAt,
  );
}

/** Moves the row on where it still stands in the state it was read in; false where it does not. */
export function replaceApprovalState(
  sql: SqlStorage,
  approvalId: string,
  change: { from: ApprovalState; to: ApprovalState },
  nowMs: number,
): boolean {
  return (
    sql
      .exec(
        `UPDATE order_approvals SET state = ?, decided_at = COALESCE(decided_at, ?)
         WHERE approval_id = ? AND state = ? RETURNING 1`,
        change.to,
        nowMs,
        approvalId,
        change.from,
      )
      .toArray().length > 0
  );
}

/** Keeps what the owner's passkey signed, and the number that the owner typed. */
export function keepAssertion(
  sql: SqlStorage,
  approvalId: string,
  decision: { assertion: Assertion; echo: number | null },
): void {
  sql.exec(
    "UPDATE order_approvals SET assertion = ?, echo = ? WHERE approval_id = ?",
    JSON.stringify(decision.assertion),
    decision.echo,
    approvalId,
  );
}

/** Keeps the intent that was signed, where its owner's page made the nonce. */
export function keepIntent(
  sql: SqlStorage,
  approvalId: string,
  { intent, hash }: { intent: Intent; hash: string },
): void {
  sql.exec(
    "UPDATE order_approvals SET intent = ?, intent_hash = ? WHERE approval_id = ?",
    JSON.stringify(intent),
    hash,
    approvalId,
  );
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

/** No request is open for longer, so that what is open is found by its time. */
const OPEN_AT_MOST_MS = APPROVAL_TTL_SECONDS.most * 1_000;

/** The requests that wait for the owner, oldest first. */
export function pendingApprovals(sql: SqlStorage, nowMs: number): Approval[] {
  return sql
    .exec(
      `SELECT * FROM order_approvals WHERE created_at > ?1 - ${OPEN_AT_MOST_MS}
         AND state = 'pending' AND expires_at > ?1 ORDER BY created_at`,
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

/** How often the owner was asked within a time, whoever asked. */
export function ownerAsked(sql: SqlStorage, sinceMs: number): number {
  return sql
    .exec<{ asked: number }>(
      "SELECT COUNT(*) AS asked FROM order_approvals WHERE created_at > ? AND mandate_id IS NULL",
      sinceMs,
    )
    .one().asked;
}

function approvalOf(found: unknown, nowMs: number): Approval {
  const row = Row.parse(found);
  return {
    approvalId: row.approval_id,
    previewId: row.preview_id,
    intentHash: row.intent_hash,
    intent: parseCarrying(Intent, JSON.parse(row.intent)),
    clientId: row.client_id,
    brokerAccount: row.broker_account,
    economicHash: row.economic_hash,
    tier: row.tier,
    state: stateAt(row.state, row.expires_at, nowMs),
    assertion: row.assertion === null ? null : Assertion.parse(JSON.parse(row.assertion)),
    echo: row.echo,
    mandateId: row.mandate_id,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}

/** One whose time is over is expired, whatever its row still says. */
export function stateAt(state: ApprovalState, expiresAt: number, nowMs: number): ApprovalState {
  const open = state === "pending" || state === "approved";
  return open && nowMs >= expiresAt ? "expired" : state;
}

/** What was given under a mandate and is not used yet goes with it; how many. */
export function revokeUnderMandate(sql: SqlStorage, mandateId: string, nowMs: number): number {
  return sql
    .exec(
      `UPDATE order_approvals SET state = 'revoked', decided_at = ?1
       WHERE mandate_id = ?2 AND created_at > ?1 - ${OPEN_AT_MOST_MS} AND state = 'approved'
       RETURNING 1`,
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
       WHERE broker_account = ?1 AND created_at > ?2 - ${OPEN_AT_MOST_MS}
         AND state = 'denied' AND decided_at > ?2`,
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

/**
 * The requests that a preview led to and that may still be open, the newest first.
 */
export function approvalsForPreview(sql: SqlStorage, previewId: string, nowMs: number): string[] {
  return sql
    .exec<{ approval_id: string }>(
      `SELECT approval_id FROM order_approvals
       WHERE created_at > ?2 - ${OPEN_AT_MOST_MS} AND preview_id = ?1 ORDER BY created_at DESC`,
      previewId,
      nowMs,
    )
    .toArray()
    .map(({ approval_id }) => approval_id);
}

/** The row as it was last written, whatever the time; null when it is gone. */
export function storedApproval(
  sql: SqlStorage,
  approvalId: string,
): { state: ApprovalState; mandateId: string | null; expiresAt: number } | null {
  const [row] = sql
    .exec<{ state: string; mandate_id: string | null; expires_at: number }>(
      "SELECT state, mandate_id, expires_at FROM order_approvals WHERE approval_id = ?",
      approvalId,
    )
    .toArray();
  if (row === undefined) return null;
  const state = ApprovalState.parse(row.state);
  return { state, mandateId: row.mandate_id, expiresAt: row.expires_at };
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
       WHERE mandate_id = ?1 AND created_at > ?2 - ${OPEN_AT_MOST_MS}
         AND state = 'approved' AND expires_at > ?2`,
      mandateId,
      nowMs,
    )
    .toArray()
    .map(({ notional }) => notional);
}
