import type { DatabaseSync } from "node:sqlite";

/** What each account held when that was proved last, so that an exit is not blocked by a read that fails. */
export const PROVED_POSITIONS_SCHEMA = `
CREATE TABLE IF NOT EXISTS proved_positions (
  account_id TEXT PRIMARY KEY,
  positions TEXT NOT NULL,
  proved_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

/** `positions` is JSON. */
export function storeProvedPositions(
  db: DatabaseSync,
  accountId: string,
  positions: string,
  provedAtMs: number,
): void {
  db.prepare(
    `INSERT INTO proved_positions (account_id, positions, proved_at) VALUES (?, ?, ?)
     ON CONFLICT (account_id) DO UPDATE
       SET positions = excluded.positions, proved_at = excluded.proved_at
       WHERE excluded.proved_at >= proved_positions.proved_at`,
  ).run(accountId, positions, provedAtMs);
}

export function provedPositions(
  db: DatabaseSync,
  accountId: string,
): { positions: string; provedAtMs: number } | null {
  const row = db
    .prepare("SELECT positions, proved_at FROM proved_positions WHERE account_id = ?")
    .get(accountId);
  return row === undefined
    ? null
    : { positions: String(row.positions), provedAtMs: Number(row.proved_at) };
}
