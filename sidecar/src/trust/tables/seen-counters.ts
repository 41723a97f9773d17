import type { DatabaseSync } from "node:sqlite";

/** The counters that approvals came with, as long as a nonce is kept. */
export const SEEN_COUNTERS_SCHEMA = `
CREATE TABLE IF NOT EXISTS seen_counters (
  credential_id TEXT NOT NULL,
  counter INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  PRIMARY KEY (credential_id, counter)
) STRICT, WITHOUT ROWID;
`;

/** False when it was noted before. */
export function insertSeenCounter(
  db: DatabaseSync,
  credentialId: string,
  counter: number,
  nowMs: number,
): boolean {
  const { changes } = db
    .prepare(
      `INSERT INTO seen_counters (credential_id, counter, seen_at) VALUES (?, ?, ?)
       ON CONFLICT (credential_id, counter) DO NOTHING`,
    )
    .run(credentialId, counter, nowMs);
  return Number(changes) === 1;
}

/** The highest that the key came with; 0 when it never counted. */
export function highestSeenOf(db: DatabaseSync, credentialId: string): number {
  const row = db
    .prepare("SELECT MAX(counter) AS counter FROM seen_counters WHERE credential_id = ?")
    .get(credentialId);
  return Number(row?.counter ?? 0);
}

/** The highest counter of each key among those seen before a moment. */
export function highestSeenBefore(
  db: DatabaseSync,
  beforeMs: number,
): { credentialId: string; counter: number }[] {
  return db
    .prepare(
      `SELECT credential_id, MAX(counter) AS counter FROM seen_counters
       WHERE seen_at < ? GROUP BY credential_id`,
    )
    .all(beforeMs)
    .map((row) => ({ credentialId: String(row.credential_id), counter: Number(row.counter) }));
}

export function deleteSeenBefore(db: DatabaseSync, beforeMs: number): void {
  db.prepare("DELETE FROM seen_counters WHERE seen_at < ?").run(beforeMs);
}
