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

/** The hash of one event of the copy; null where it has none of that number. */
export async function copiedLeaf(
  database: D1Database,
  accountId: string,
  seq: number,
): Promise<string | null> {
  const row = await database
    .prepare("SELECT leaf_hash FROM audit_events WHERE account_id = ?1 AND seq = ?2")
    .bind(accountId, seq)
    .first<{ leaf_hash: string }>();
  return row?.leaf_hash ?? null;
}

/** The events of the copy after a number, oldest first. */
export async function copiedAfter(
  database: D1Database,
  accountId: string,
  seq: number,
  limit: number,
): Promise<ShippedRow[]> {
  const { results } = await database
    .prepare(
      `SELECT seq, leaf_hash, event FROM audit_events
       WHERE account_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3`,
    )
    .bind(accountId, seq, limit)
    .all<{ seq: number; leaf_hash: string; event: string }>();
  return results;
}

/** The newest event of an account in the copy; null where it has none. */
export function newestCopied(
  database: D1Database,
  accountId: string,
): Promise<Pick<ShippedRow, "seq" | "leaf_hash"> | null> {
  return database
    .prepare(
      "SELECT seq, leaf_hash FROM audit_events WHERE account_id = ?1 ORDER BY seq DESC LIMIT 1",
    )
    .bind(accountId)
    .first<{ seq: number; leaf_hash: string }>();
}
