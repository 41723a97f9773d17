import type { DatabaseSync } from "node:sqlite";
import { findCounterFloor, raiseCounterFloor } from "../tables/approvers.ts";
import {
  deleteSeenBefore,
  highestSeenBefore,
  highestSeenOf,
  insertSeenCounter,
} from "../tables/seen-counters.ts";

/**
 * The counters of authenticators that count. What makes an approval one use is its nonce; a counter
 * only tells that there may be a copy of the key. The very counter that was seen before, other than 0,
 * tells that; a lower one that nobody saw also comes from two approvals that are used in another order
 * than they were given in, so it is a signal to the owner and refuses nothing. Authenticators that do
 * not count say 0 for good.
 */
export type CounterVerdict =
  | "new"
  /** Lower than one that was seen, or 0 after the key counted. */
  | "lower"
  | "seen";

/** Notes the counter an assertion came with. Of a key that is not enrolled it counts as seen. */
export function noteCounter(
  db: DatabaseSync,
  credentialId: string,
  counter: number,
  nowMs: number,
): CounterVerdict {
  const floor = findCounterFloor(db, credentialId);
  if (floor === null) return "seen";
  const highest = Math.max(floor, highestSeenOf(db, credentialId));
  if (counter === 0) return highest === 0 ? "new" : "lower";
  if (counter === floor || !insertSeenCounter(db, credentialId, counter, nowMs)) return "seen";
  return counter < highest ? "lower" : "new";
}

/** Of what is forgotten the highest is kept, and is refused from then on. */
export function pruneCounters(db: DatabaseSync, beforeMs: number): void {
  for (const { credentialId, counter } of highestSeenBefore(db, beforeMs)) {
    raiseCounterFloor(db, credentialId, counter);
  }
  deleteSeenBefore(db, beforeMs);
}
