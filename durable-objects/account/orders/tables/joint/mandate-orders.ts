/**
 * Joins `order_mandates`, `order_mandate_pcs`, `order_approvals` and `order_intents`: what was done
 * under a mandate, and what its end leads to.
 */
import { mandateOf, type SignedMandate } from "../mandates.ts";

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
 * waited for its market to open counts from that opening on.
 */
export function ordersUnder(
  sql: SqlStorage,
  mandateId: string,
  sinceMs: number,
): { notional: string | null; state: string; delivered: number; outcome: string | null }[] {
  return sql
    .exec<{ notional: string | null; state: string; delivered: number; outcome: string | null }>(
      `SELECT i.notional, i.state, i.delivered, i.outcome FROM order_intents i
       JOIN order_approvals a ON a.approval_id = i.approval_id
       WHERE a.mandate_id = ?1
         AND (i.created_at > ?2 OR unixepoch(json_extract(i.waits, '$.until')) * 1000 > ?2)`,
      mandateId,
      sinceMs,
    )
    .toArray();
}

/** One that was given back after its mandate had ended goes with it as well. */
export function revokeIfMandateEnded(sql: SqlStorage, approvalId: string, nowMs: number): void {
  sql.exec(
    `UPDATE order_approvals SET state = 'revoked', decided_at = ?
     WHERE approval_id = ? AND state = 'approved'
       AND mandate_id IN (SELECT mandate_id FROM order_mandates WHERE revoked_at IS NOT NULL)`,
    nowMs,
    approvalId,
  );
}
