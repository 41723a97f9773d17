/** Joins `announced_keys` and `approvers`. */
import type { DatabaseSync } from "node:sqlite";

/** The announced keys that were never an approver here, in the order of their announcement. */
export function announcedAndUnknown(db: DatabaseSync): Record<string, unknown>[] {
  return db
    .prepare(
      `SELECT credential_id, public_key, label, refused_at FROM announced_keys
       WHERE present = 1 AND credential_id NOT IN (SELECT credential_id FROM approvers)
       ORDER BY announced_at, credential_id`,
    )
    .all();
}
