/**
 * Removes what has ended of an owner's sign-ins: sessions, attempts, challenges, codes, and the
 * notes of what was used once. Each of them is refused by its time wherever it is read, so this
 * changes no answer; it only keeps the object small. How many rows went.
 */
export function pruneAccess(
  sql: SqlStorage,
  { nowMs, attemptsSinceMs }: { nowMs: number; attemptsSinceMs: number },
): number {
  const ended = [
    ["DELETE FROM owner_sessions WHERE expires_at <= ? RETURNING 1", nowMs],
    ["DELETE FROM sign_in_attempts WHERE at <= ? RETURNING 1", attemptsSinceMs],
    ["DELETE FROM passkey_challenges WHERE forget_at <= ? RETURNING 1", nowMs],
    ["DELETE FROM pending_forms WHERE forget_at <= ? RETURNING 1", nowMs],
    ["DELETE FROM recovery_codes WHERE expires_at <= ? RETURNING 1", nowMs],
    ["DELETE FROM spent_tokens WHERE forget_at <= ? RETURNING 1", nowMs],
  ] as const;
  return ended.reduce(
    (sum, [statement, time]) => sum + sql.exec(statement, time).toArray().length,
    0,
  );
}
