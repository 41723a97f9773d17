import type { DatabaseSync } from "node:sqlite";
import { findCounterFloor, raiseCounterFloor } from "./tables/approvers.ts";
import {
  deleteSeenBefore,
  hasSeenCounter,
  highestSeenBefore,
  insertSeenCounter,
} from "./tables/seen-counters.ts";

/**
 * The counters of authenticators that count. Two approvals may be used in another order than they
 * were given in, so an older counter that nobody has seen is as good as a newer one; one that was
 * seen before comes from a copy of the key, or is the same approval again. Authenticators that do not
 * count say 0 for good.
 */

/** Notes the counter an assertion came with; false when it was seen, or is older than what is kept. */
export function noteCounter(
  db: DatabaseSync,
  credentialId: string,
  counter: number,
  nowMs: number,
): boolean {
  const floor = findCounterFloor(db, credentialId);
  if (floor === null) return false;
  if (counter === 0) return floor === 0 && !hasSeenCounter(db, credentialId);
  return counter > floor && insertSeenCounter(db, credentialId, counter, nowMs);
}

/** What is forgotten is refused from then on, with all that is older. */
export function pruneCounters(db: DatabaseSync, beforeMs: number): void {
  for (const { credentialId, counter } of highestSeenBefore(db, beforeMs)) {
    raiseCounterFloor(db, credentialId, counter);
  }
  deleteSeenBefore(db, beforeMs);
}
