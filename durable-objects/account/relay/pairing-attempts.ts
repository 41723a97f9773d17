import { PAIRING_MINUTES, PAIRING_TRIES } from "@ibkr-edge-gateway/protocol/limits.ts";

/**
 * The budget of wrong pairing codes. A try is taken before its code is looked up and given back
 * when the code was right, so two guesses in parallel cannot share the last one.
 */
export function takePairingTry(sql: SqlStorage, nowMs: number): boolean {
  sql.exec("DELETE FROM pairing_tries WHERE at <= ?", nowMs - PAIRING_MINUTES * 60_000);
  const { used } = sql.exec<{ used: number }>("SELECT COUNT(*) AS used FROM pairing_tries").one();
  if (used >= PAIRING_TRIES) return false;
  sql.exec("INSERT INTO pairing_tries (at) VALUES (?)", nowMs);
  return true;
}

export function returnPairingTry(sql: SqlStorage): void {
  sql.exec(
    "DELETE FROM pairing_tries WHERE rowid = (SELECT rowid FROM pairing_tries ORDER BY at DESC LIMIT 1)",
  );
}
