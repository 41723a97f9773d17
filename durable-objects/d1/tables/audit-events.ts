/** One event on its way to D1. */
export interface ShippedRow {
  seq: number;
  leaf_hash: string;
  /** RFC 8785 JSON, as it was hashed. */
  event: string;
}

/**
 * Writes rows, in order, as one statement with one bound value. The table's triggers skip what is
 * there already and refuse a gap or another event under a taken number, so a repeat is harmless and
 * a fork is an error.
 */
export async function shipAuditRows(
  database: D1Database,
  accountId: string,
  rows: readonly ShippedRow[],
): Promise<void> {
  await database
    .prepare(
      `INSERT INTO audit_events (account_id, seq, leaf_hash, event)
       SELECT ?1, value ->> '$.seq', value ->> '$.leaf_hash', value ->> '$.event'
       FROM json_each(?2) ORDER BY key`,
    )
    .bind(accountId, JSON.stringify(rows))
    .run();
}
