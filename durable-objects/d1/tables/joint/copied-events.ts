/**
 * Joins `audit_events` and `audit_events_before`, which hold one log: the second what was copied before
 * the first was made.
 */
import type { ShippedRow } from "../audit-events.ts";

/** The newest event of an account in the copy; null where it has none. */
export function newestCopied(
  database: D1Database,
  accountId: string,
): Promise<Pick<ShippedRow, "seq" | "leaf_hash"> | null> {
  return database
    .prepare(
      `SELECT seq, leaf_hash FROM (
         SELECT * FROM (SELECT seq, leaf_hash FROM audit_events
           WHERE account_id = ?1 ORDER BY seq DESC LIMIT 1)
         UNION ALL
         SELECT * FROM (SELECT seq, leaf_hash FROM audit_events_before
           WHERE account_id = ?1 ORDER BY seq DESC LIMIT 1))
       ORDER BY seq DESC LIMIT 1`,
    )
    .bind(accountId)
    .first<{ seq: number; leaf_hash: string }>();
}

/** The hash of one event of the copy; null where it has none of that number. */
export async function copiedLeaf(
  database: D1Database,
  accountId: string,
  seq: number,
): Promise<string | null> {
  const row = await database
    .prepare(
      `SELECT leaf_hash FROM audit_events WHERE account_id = ?1 AND seq = ?2
       UNION ALL
       SELECT leaf_hash FROM audit_events_before WHERE account_id = ?1 AND seq = ?2`,
    )
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
      `SELECT seq, leaf_hash, event FROM (
         SELECT * FROM (SELECT seq, leaf_hash, event FROM audit_events_before
           WHERE account_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3)
         UNION ALL
         SELECT * FROM (SELECT seq, leaf_hash, event FROM audit_events
           WHERE account_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3))
       ORDER BY seq LIMIT ?3`,
    )
    .bind(accountId, seq, limit)
    .all<{ seq: number; leaf_hash: string; event: string }>();
  return results;
}
