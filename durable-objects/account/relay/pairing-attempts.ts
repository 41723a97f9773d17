import { PAIRING_MINUTES, PAIRING_TRIES } from "@ibkr-edge-gateway/protocol/limits.ts";
import {
  countPairingTries,
  deleteLatestPairingTry,
  insertPairingAttempt,
} from "./tables/pairing-attempts.ts";

/**
 * The budget of wrong pairing codes. A try is taken before its code is looked up and given back
 * when the code was right, so two guesses in parallel cannot share the last one.
 */
export function takePairingAttempt(sql: SqlStorage, nowMs: number): boolean {
  const used = countPairingTries(sql, nowMs - PAIRING_MINUTES * 60_000);
  if (used >= PAIRING_TRIES) return false;
  insertPairingAttempt(sql, nowMs);
  return true;
}

export function returnPairingAttempt(sql: SqlStorage): void {
  deleteLatestPairingTry(sql);
}
