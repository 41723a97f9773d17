/**
 * Which authorization codes and refresh tokens were used. The OAuth library's own store is
 * eventually consistent; one object per account is not, so "first" is answered here, once.
 */
export const SPENT_TOKENS_SCHEMA = `
CREATE TABLE spent_tokens (
  hash TEXT PRIMARY KEY,
  redeemed INTEGER NOT NULL DEFAULT 0,
  forget_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX spent_tokens_forget_at ON spent_tokens (forget_at);
`;

/** A code lives ten minutes; a grant's refresh tokens thirty days. */
const CODE_REMEMBERED_MS = 15 * 60_000;
const REFRESH_REMEMBERED_MS = 31 * 86_400_000;

/**
 * Takes a code for the one request that may redeem it. `again` after someone else took it;
 * `replayed` when it was redeemed with success before.
 */
export function takeCode(
  sql: SqlStorage,
  hash: string,
  nowMs: number,
): "first" | "again" | "replayed" {
  sql.exec("DELETE FROM spent_tokens WHERE forget_at <= ?", nowMs);
  const taken = sql
    .exec(
      "INSERT INTO spent_tokens (hash, forget_at) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING hash",
      hash,
      nowMs + CODE_REMEMBERED_MS,
    )
    .toArray();
  if (taken.length > 0) return "first";
  return isRedeemed(sql, hash) ? "replayed" : "again";
}

/** Notes that a code or refresh token was exchanged with success. */
export function noteRedeemed(
  sql: SqlStorage,
  kind: "code" | "refresh",
  hash: string,
  nowMs: number,
): void {
  const kept = kind === "code" ? CODE_REMEMBERED_MS : REFRESH_REMEMBERED_MS;
  sql.exec("DELETE FROM spent_tokens WHERE forget_at <= ?", nowMs);
  sql.exec(
    `INSERT INTO spent_tokens (hash, redeemed, forget_at) VALUES (?, 1, ?)
     ON CONFLICT (hash) DO UPDATE SET redeemed = 1, forget_at = excluded.forget_at`,
    hash,
    nowMs + kept,
  );
}

/** Whether this code or refresh token once worked. */
export function isRedeemed(sql: SqlStorage, hash: string): boolean {
  return (
    sql.exec("SELECT 1 FROM spent_tokens WHERE hash = ? AND redeemed = 1", hash).toArray().length >
    0
  );
}

/**
 * Uses up something that opens one thing once (a sign-in's state, a token's id under an order
 * scope). False when it was used before.
 */
export function spendOnce(sql: SqlStorage, hash: string, keepMs: number, nowMs: number): boolean {
  sql.exec("DELETE FROM spent_tokens WHERE forget_at <= ?", nowMs);
  return (
    sql
      .exec(
        "INSERT INTO spent_tokens (hash, forget_at) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING 1",
        hash,
        nowMs + keepMs,
      )
      .toArray().length > 0
  );
}
