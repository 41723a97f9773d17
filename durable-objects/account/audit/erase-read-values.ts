import { READ_SALTS_DAYS } from "@ibkr-edge-gateway/protocol/limits.ts";
import { firstSince } from "./find-events.ts";
import { eraseReadSaltsBetween } from "./tables/log.ts";
import { noteReadsErased, readsErasedThrough } from "./tables/retention.ts";

/** Entries looked through at one time, so that nothing else waits for long. */
export const READS_AT_ONCE = 500;
const DAY_MS = 86_400_000;

export interface ReadStorage {
  readonly sql: SqlStorage;
  readonly transactionSync: <T>(work: () => T) => T;
}

/**
 * Erases what opens the private values of reads that are older than thirty days, exported or not; what
 * orders need stays for as long as their owner says. Entries, tree and proofs stay as they are. True when
 * more is due.
 */
export function eraseReads({ sql, transactionSync }: ReadStorage, nowMs: number): boolean {
  const done = readsErasedThrough(sql);
  const old = lastOld(sql, nowMs);
  if (old <= done) return false;
  const through = Math.min(old, done + READS_AT_ONCE);
  transactionSync(() => {
    eraseReadSaltsBetween(sql, done, through);
    noteReadsErased(sql, through);
  });
  return through < old;
}

/** Whether {@link eraseReads} has something to do. */
export function readsAreDue(sql: SqlStorage, nowMs: number): boolean {
  return lastOld(sql, nowMs) > readsErasedThrough(sql);
}

const lastOld = (sql: SqlStorage, nowMs: number): number =>
  firstSince(sql, nowMs - READ_SALTS_DAYS * DAY_MS) - 1;
