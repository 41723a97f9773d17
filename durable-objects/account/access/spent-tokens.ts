import { deleteForgotten, insertSpent, isRedeemed, storeRedeemed } from "./tables/spent-tokens.ts";

/**
 * Which authorization codes and refresh tokens were used. The OAuth library's own store is
 * eventually consistent; one object per account is not, so "first" is answered here, once.
 */

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
  deleteForgotten(sql, nowMs);
  if (insertSpent(sql, hash, nowMs + CODE_REMEMBERED_MS)) return "first";
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
  deleteForgotten(sql, nowMs);
  storeRedeemed(sql, hash, nowMs + kept);
}

/**
 * Uses up something that opens one thing once (a sign-in's state, a token's id under an order
 * scope). False when it was used before.
 */
export function spendOnce(sql: SqlStorage, hash: string, keepMs: number, nowMs: number): boolean {
  deleteForgotten(sql, nowMs);
  return insertSpent(sql, hash, nowMs + keepMs);
}
