/**
 * Deletes rows that no row of another table needs any more: `order_keys` and `order_approvals` beside
 * `order_intents`; `order_previews`, `order_sends` and `order_approval_views` beside
 * `order_approvals`. Each gives the number of rows that went, at most the limit.
 */

/** Keys used before a moment whose order is gone. */
export function deleteKeys(sql: SqlStorage, beforeMs: number, limit: number): number {
  return sql
    .exec(
      `DELETE FROM order_keys WHERE (client_id, idempotency_key) IN (
         SELECT client_id, idempotency_key FROM order_keys k WHERE used_at < ?1
           AND NOT EXISTS (SELECT 1 FROM order_intents i WHERE i.coid = k.coid) LIMIT ?2)
       RETURNING 1`,
      beforeMs,
      limit,
    )
    .toArray().length;
}

/** Requests made and ended before a moment that let out no order. */
export function deleteApprovals(sql: SqlStorage, beforeMs: number, limit: number): number {
  return sql
    .exec(
      `DELETE FROM order_approvals WHERE approval_id IN (
         SELECT approval_id FROM order_approvals a WHERE created_at < ?1 AND expires_at < ?1
           AND state <> 'reserved'
           AND NOT EXISTS (SELECT 1 FROM order_intents i WHERE i.approval_id = a.approval_id)
         LIMIT ?2)
       RETURNING 1`,
      beforeMs,
      limit,
    )
    .toArray().length;
}

/** Previews that ended before a moment and led to no request. */
export function deletePreviews(sql: SqlStorage, beforeMs: number, limit: number): number {
  return sql
    .exec(
      `DELETE FROM order_previews WHERE preview_id IN (
         SELECT preview_id FROM order_previews p WHERE expires_at < ?1
           AND NOT EXISTS (SELECT 1 FROM order_approvals a WHERE a.preview_id = p.preview_id)
         LIMIT ?2)
       RETURNING 1`,
      beforeMs,
      limit,
    )
    .toArray().length;
}

/** The same, all of them, where a new preview is stored. */
export function deleteUnasked(sql: SqlStorage, beforeMs: number): void {
  sql.exec(
    `DELETE FROM order_previews WHERE expires_at < ?
       AND preview_id NOT IN (SELECT preview_id FROM order_approvals)`,
    beforeMs,
  );
}

/** Wishes to send whose request is gone. */
export function deleteSends(sql: SqlStorage, limit: number): number {
  return sql
    .exec(
      `DELETE FROM order_sends WHERE approval_id IN (
         SELECT approval_id FROM order_sends s
         WHERE NOT EXISTS (SELECT 1 FROM order_approvals a WHERE a.approval_id = s.approval_id)
         LIMIT ?)
       RETURNING 1`,
      limit,
    )
    .toArray().length;
}

/** Notes of pages first seen before a moment whose request is gone. */
export function deleteViews(sql: SqlStorage, beforeMs: number, limit: number): number {
  return sql
    .exec(
      `DELETE FROM order_approval_views WHERE approval_id IN (
         SELECT approval_id FROM order_approval_views v WHERE first_seen_at < ?1
           AND NOT EXISTS (SELECT 1 FROM order_approvals a WHERE a.approval_id = v.approval_id)
         LIMIT ?2)
       RETURNING 1`,
      beforeMs,
      limit,
    )
    .toArray().length;
}
