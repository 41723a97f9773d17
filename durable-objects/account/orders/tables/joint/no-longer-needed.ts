/**
 * Deletes rows that no row of another table needs any more: `order_keys` and `order_approvals` beside
 * `order_intents`; `order_previews`, `order_sends` and `order_approval_views` beside
 * `order_approvals`. `?1` is a moment in Unix milliseconds, `?2` how many rows go at most.
 */
const DELETES = {
  /** Keys used before the moment whose order is gone. */
  keys: `DELETE FROM order_keys WHERE (client_id, idempotency_key) IN (
    SELECT client_id, idempotency_key FROM order_keys k WHERE used_at < ?1
      AND NOT EXISTS (SELECT 1 FROM order_intents i WHERE i.coid = k.coid) LIMIT ?2) RETURNING 1`,
  /** Requests made and ended before the moment that let out no order. */
  approvals: `DELETE FROM order_approvals WHERE approval_id IN (
    SELECT approval_id FROM order_approvals a
    WHERE created_at < ?1 AND expires_at < ?1 AND state <> 'reserved'
      AND NOT EXISTS (SELECT 1 FROM order_intents i WHERE i.approval_id = a.approval_id)
    LIMIT ?2) RETURNING 1`,
  /** Previews that ended before the moment and led to no request. */
  previews: `DELETE FROM order_previews WHERE preview_id IN (
    SELECT preview_id FROM order_previews p WHERE expires_at < ?1
      AND NOT EXISTS (SELECT 1 FROM order_approvals a WHERE a.preview_id = p.preview_id)
    LIMIT ?2) RETURNING 1`,
  /** Wishes to send whose request is gone, whatever the moment. */
  sends: `DELETE FROM order_sends WHERE approval_id IN (
    SELECT approval_id FROM order_sends s WHERE ?1 IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM order_approvals a WHERE a.approval_id = s.approval_id)
    LIMIT ?2) RETURNING 1`,
  /** Notes of pages first seen before the moment whose request is gone. */
  views: `DELETE FROM order_approval_views WHERE approval_id IN (
    SELECT approval_id FROM order_approval_views v WHERE first_seen_at < ?1
      AND NOT EXISTS (SELECT 1 FROM order_approvals a WHERE a.approval_id = v.approval_id)
    LIMIT ?2) RETURNING 1`,
} as const;

/** How many rows went. */
export function deleteUnneeded(
  sql: SqlStorage,
  what: keyof typeof DELETES,
  beforeMs: number,
  limit: number,
): number {
  return sql.exec(DELETES[what], beforeMs, limit).toArray().length;
}
