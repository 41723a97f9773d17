/** Challenges that wait for an answer, and those of a sign-in that had one. */

export function insertChallenge(
  sql: SqlStorage,
  row: { challenge: string; purpose: string; sessionId: string; forgetAt: number },
): void {
  sql.exec(
    "INSERT INTO passkey_challenges (challenge, purpose, session_id, forget_at) VALUES (?, ?, ?, ?)",
    row.challenge,
    row.purpose,
    row.sessionId,
    row.forgetAt,
  );
}

/** Takes it out; false when it is not there, for another purpose or session, or over. */
export function deleteChallenge(
  sql: SqlStorage,
  of: { challenge: string; purpose: string; sessionId: string },
  nowMs: number,
): boolean {
  return (
    sql
      .exec(
        `DELETE FROM passkey_challenges
         WHERE challenge = ? AND purpose = ? AND session_id = ? AND forget_at > ? RETURNING 1`,
        of.challenge,
        of.purpose,
        of.sessionId,
        nowMs,
      )
      .toArray().length > 0
  );
}

/** Notes one as answered; false when it was noted before. */
export function insertSpentChallenge(
  sql: SqlStorage,
  challenge: string,
  forgetAt: number,
): boolean {
  return (
    sql
      .exec(
        `INSERT INTO passkey_challenges (challenge, purpose, forget_at) VALUES (?, 'spent', ?)
         ON CONFLICT DO NOTHING RETURNING 1`,
        challenge,
        forgetAt,
      )
      .toArray().length > 0
  );
}

/** Deletes those that are over; how many. */
export function deleteEndedChallenges(sql: SqlStorage, nowMs: number): number {
  return sql
    .exec("DELETE FROM passkey_challenges WHERE forget_at <= ? RETURNING 1", nowMs)
    .toArray().length;
}
