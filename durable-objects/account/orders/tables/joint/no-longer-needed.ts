/**
 * Deletes rows that no row of another table needs any more: `order_keys` and `order_approvals` beside
 * `order_intents`, `order_previews` beside `order_approvals`. Each reads no more than its limit of rows
 * and what hangs on those; how many are kept makes no difference. Moments are Unix milliseconds.
 */

/** Requests made and ended before the moment that let out no order, and the previews they came from. */
export function deleteApprovals(
  sql: SqlStorage,
  beforeMs: number,
  limit: number,
): { approvalId: string; previewId: string }[] {
  return sql
    .exec<{ approval_id: string; preview_id: string }>(
      `DELETE FROM order_approvals WHERE approval_id IN (
         SELECT approval_id FROM order_approvals a
         WHERE created_at < ?1 AND expires_at < ?1 AND state <> 'reserved'
           AND NOT EXISTS (SELECT 1 FROM order_intents i
             WHERE i.coid = a.intent ->> '$.coid' AND i.approval_id = a.approval_id)
         LIMIT ?2) RETURNING approval_id, preview_id`,
      beforeMs,
      limit,
    )
    .toArray()
    .map(({ approval_id, preview_id }) => ({ approvalId: approval_id, previewId: preview_id }));
}

/** A request is made while its preview stands, by the same clock; a minute more costs nothing. */
const ASKED_WITHIN_MS = 60_000;

/** Of these previews, those that no request hangs on. */
export function deletePreviews(sql: SqlStorage, previewIds: readonly string[]): void {
  sql.exec(
    `DELETE FROM order_previews WHERE preview_id IN (
       SELECT p.preview_id FROM json_each(?) AS wanted
         CROSS JOIN order_previews p ON p.preview_id = wanted.value
       WHERE NOT EXISTS (SELECT 1 FROM order_approvals a
         WHERE a.created_at BETWEEN p.created_at AND p.expires_at + ${ASKED_WITHIN_MS}
           AND a.preview_id = p.preview_id))`,
    JSON.stringify(previewIds),
  );
}

/** The next keys after one, in the order of the table, with whether each is to go. */
export function nextKeys(
  sql: SqlStorage,
  after: { clientId: string; key: string },
  beforeMs: number,
  limit: number,
): { clientId: string; key: string; spent: boolean }[] {
  return sql
    .exec<{ client_id: string; idempotency_key: string; spent: number }>(
      `SELECT client_id, idempotency_key, used_at < ?3
         AND NOT EXISTS (SELECT 1 FROM order_intents i WHERE i.coid = k.coid) AS spent
       FROM order_keys k WHERE (client_id, idempotency_key) > (?1, ?2)
       ORDER BY client_id, idempotency_key LIMIT ?4`,
      after.clientId,
      after.key,
      beforeMs,
      limit,
    )
    .toArray()
    .map((row) => ({ clientId: row.client_id, key: row.idempotency_key, spent: row.spent === 1 }));
}
