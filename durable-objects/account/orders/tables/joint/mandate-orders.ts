/**
 * Joins `order_mandates`, `order_mandate_pcs`, `order_approvals` and `order_intents`: what was done
 * under a mandate, and what its end leads to.
 */
import { APPROVAL_TTL_SECONDS } from "@ibkr-edge-gateway/protocol/approval/approval-state.ts";
import { mandateOf, type SignedMandate } from "../mandates.ts";

/** No request is open for longer: an order follows its approval within that time. */
const OPEN_AT_MOST_MS = APPROVAL_TTL_SECONDS.most * 1_000;

/** Revoked here, and this PC, which may know it, has not said that it knows the end. */
export function unsentRevocations(sql: SqlStorage, sidecarId: string): SignedMandate[] {
  return sql
    .exec(
      `SELECT m.* FROM order_mandates m JOIN order_mandate_pcs USING (mandate_id)
       WHERE sidecar_id = ? AND revoked_at IS NOT NULL ORDER BY revoked_at, mandate_id`,
      sidecarId,
    )
    .toArray()
    .map(mandateOf);
}

/** Whether the order was let out under a mandate that was revoked since. */
export function isUnderEndedMandate(sql: SqlStorage, coid: string): boolean {
  return (
    sql
      .exec(
        `SELECT 1 FROM order_intents i JOIN order_approvals a ON a.approval_id = i.approval_id
         JOIN order_mandates m ON m.mandate_id = a.mandate_id
         WHERE i.coid = ? AND m.revoked_at IS NOT NULL`,
        coid,
      )
      .toArray().length > 0
  );
}

/**
 * The orders let out under a mandate since a moment, with what tells whether they left. One that
 * waited for its market to open counts from that opening on: it is found by the day it waited for,
 * which is the moment's own at the earliest.
 */
export function ordersUnder(
  sql: SqlStorage,
  mandateId: string,
  since: { ms: number; day: string },
): { notional: string | null; state: string; delivered: number; outcome: string | null }[] {
  return sql
    .exec<{ notional: string | null; state: string; delivered: number; outcome: string | null }>(
      `SELECT i.notional, i.state, i.delivered, i.outcome
       FROM order_approvals a CROSS JOIN order_intents i
       WHERE a.mandate_id = ?1 AND a.created_at > ?2 - ${OPEN_AT_MOST_MS}
         AND i.coid = a.intent ->> '$.coid' AND i.approval_id = a.approval_id AND i.created_at > ?2
       UNION ALL
       SELECT i.notional, i.state, i.delivered, i.outcome
       FROM order_intents i CROSS JOIN order_approvals a
       WHERE i.waits IS NOT NULL AND i.day >= ?3 AND i.created_at <= ?2
         AND unixepoch(json_extract(i.waits, '$.until')) * 1000 > ?2
         AND a.approval_id = i.approval_id AND a.mandate_id = ?1`,
      mandateId,
      since.ms,
      since.day,
    )
    .toArray();
}

/** One that was given back after its mandate had ended goes with it as well. */
export function revokeIfMandateEnded(sql: SqlStorage, approvalId: string, nowMs: number): void {
  sql.exec(
    `UPDATE order_approvals SET state = 'revoked', decided_at = ?
     WHERE approval_id = ? AND state = 'approved'
       AND EXISTS (SELECT 1 FROM order_mandates m
         WHERE m.mandate_id = order_approvals.mandate_id AND m.revoked_at IS NOT NULL)`,
    nowMs,
    approvalId,
  );
}
