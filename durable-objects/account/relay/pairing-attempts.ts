import { PAIRING_MINUTES, PAIRING_TRIES } from "@ibkr-edge-gateway/protocol/limits.ts";
import {
  countPairingTries,
  deleteLatestPairingTry,
  insertPairingTry,
} from "./tables/pairing-tries.ts";

/**
 * The budget of wrong pairing codes. A try is taken before its code is looked up and given back
 * when the code was right, so two guesses in parallel cannot share the last one.
 */
export function takePairingTry(sql: SqlStorage, nowMs: number): boolean {
  const used = countPairingTries(sql, nowMs - PAIRING_MINUTES * 60_000);
  if (used >= PAIRING_TRIES) return false;
  insertPairingTry(sql, nowMs);
  return true;
}

export function returnPairingTry(sql: SqlStorage): void {
  deleteLatestPairingTry(sql);
}
