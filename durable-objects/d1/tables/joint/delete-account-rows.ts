/**
 * Joins every table that names an account (`accounts`, `identities`, `invitations`, `audit_logs`,
 * `audit_events` and `audit_events_before`): when its owner deletes it, its rows go from all of them,
 * and one row of `erased_accounts` stays.
 */

/** What stays of a deleted account: the last signed head of its log, and the key; null where none was signed. */
export interface ErasedAccount {
  readonly accountId: string;
  readonly log: {
    readonly logId: string;
    readonly vkey: string;
    readonly checkpoint: string;
  } | null;
}

/** Rows deleted by one statement, so that none runs for long. */
const ROWS_AT_ONCE = 2_000;

/**
 * Removes the account from the directory at once, then the copy of its log, piece by piece. The same
 * again goes on where it was broken off.
 */
export async function deleteAccountRows(
  db: D1Database,
  { accountId, log }: ErasedAccount,
  now: Date,
): Promise<void> {
  await db.batch([
    db.prepare("DELETE FROM identities WHERE account_id = ?").bind(accountId),
    db.prepare("DELETE FROM invitations WHERE account_id = ?").bind(accountId),
    db.prepare("DELETE FROM accounts WHERE id = ?").bind(accountId),
    db.prepare("DELETE FROM audit_logs WHERE account_id = ?").bind(accountId),
    db
      .prepare("INSERT INTO erased_accounts VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
      .bind(
        accountId,
        log?.logId ?? null,
        log?.vkey ?? null,
        log?.checkpoint ?? null,
        now.toISOString(),
      ),
  ]);
  for (const copies of ["audit_events", "audit_events_before"]) {
    let deleted = ROWS_AT_ONCE;
    while (deleted > 0) {
      const { results } = await db
        .prepare(
          `DELETE FROM ${copies} WHERE account_id = ?1 AND seq IN
             (SELECT seq FROM ${copies} WHERE account_id = ?1 LIMIT ?2) RETURNING 1`,
        )
        .bind(accountId, ROWS_AT_ONCE)
        .all();
      deleted = results.length;
    }
  }
}

/** The last head of a deleted account's log, and its key; null for any other log. */
export function erasedLog(
  db: D1Database,
  logId: string,
): Promise<{ vkey: string; checkpoint: string } | null> {
  return db
    .prepare(
      "SELECT vkey, checkpoint FROM erased_accounts WHERE log_id = ? AND checkpoint IS NOT NULL",
    )
    .bind(logId)
    .first<{ vkey: string; checkpoint: string }>();
}
