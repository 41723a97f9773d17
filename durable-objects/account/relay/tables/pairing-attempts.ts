/** When a pairing code was tried. */

/** Forgets the tries up to a moment; how many are left. */
export function countPairingTries(sql: SqlStorage, sinceMs: number): number {
  sql.exec("DELETE FROM pairing_tries WHERE at <= ?", sinceMs);
  return sql.exec<{ used: number }>("SELECT COUNT(*) AS used FROM pairing_tries").one().used;
}

export function insertPairingAttempt(sql: SqlStorage, nowMs: number): void {
  sql.exec("INSERT INTO pairing_tries (at) VALUES (?)", nowMs);
}

export function deleteLatestPairingTry(sql: SqlStorage): void {
  sql.exec(
    "DELETE FROM pairing_tries WHERE rowid = (SELECT rowid FROM pairing_tries ORDER BY at DESC LIMIT 1)",
  );
}
