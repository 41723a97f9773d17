import { deleteEndedSessions } from "./tables/owner-sessions.ts";
import { deleteEndedChallenges } from "./tables/passkey-challenges.ts";
import { deleteEndedForms } from "./tables/pending-forms.ts";
import { deleteEndedRecoveryCodes } from "./tables/recovery-codes.ts";
import { deleteAttempts } from "./tables/sign-in-attempts.ts";
import { deleteForgotten } from "./tables/spent-tokens.ts";

/**
 * Removes what has ended of an owner's sign-ins: sessions, attempts, challenges, codes, and the
 * notes of what was used once. Each of them is refused by its time wherever it is read, so this
 * changes no answer; it only keeps the object small. How many rows went.
 */
export function pruneAccess(
  sql: SqlStorage,
  { nowMs, attemptsSinceMs }: { nowMs: number; attemptsSinceMs: number },
): number {
  return (
    deleteEndedSessions(sql, nowMs) +
    deleteAttempts(sql, attemptsSinceMs) +
    deleteEndedChallenges(sql, nowMs) +
    deleteEndedForms(sql, nowMs) +
    deleteEndedRecoveryCodes(sql, nowMs) +
    deleteForgotten(sql, nowMs)
  );
}
