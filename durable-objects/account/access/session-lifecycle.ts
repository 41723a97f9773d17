import { sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import { randomToken } from "../platform/random.ts";
import type { OwnerSession, OwnerSessionView, SignInMethod } from "../rpc/account-types.ts";
import {
  deleteEndedSessions,
  deleteOldestSessions,
  deleteSession,
  findSession,
  insertSession,
  openSessions,
  setLastSeen,
} from "./tables/owner-sessions.ts";
import {
  countAttempts,
  deleteAttempts,
  deleteAttemptsOf,
  insertAttempt,
} from "./tables/sign-in-attempts.ts";

/**
 * Owner sessions and the sign-in budget, on the account's own SQLite.
 *
 * A session's secret exists only in the owner's cookie: here stands its SHA-256, so that a copy of
 * the database signs nobody in. An attempt is counted before the token is compared, never after:
 * two attempts in parallel cannot both take the last one.
 */

export const OWNER_SESSION_MS = 12 * 3_600_000;
/** Sessions held at once; the oldest goes when a new one opens. */
export const OWNER_SESSIONS_MAX = 20;
/** For how long a passkey's confirmation stands in for another one. */
export const CONFIRMATION_MS = 5 * 60_000;
/** How exactly "last seen" is kept; a row is not written for every page. */
const LAST_SEEN_STEP_MS = 10 * 60_000;
export const SIGN_IN_WINDOW_MS = 15 * 60_000;
/** Attempts within the window, from one source and from all together; a success clears a source. */
export const SIGN_IN_ATTEMPTS_PER_SOURCE = 10;
export const SIGN_IN_ATTEMPTS_ALL_SOURCES = 1_000;

export interface OpenedSession {
  secret: string;
  expiresAt: string;
}

/** Takes one attempt from the budget. `source` is a hash of the caller's address. */
export function takeSignInAttempt(
  sql: SqlStorage,
  source: string,
  nowMs: number,
): { ok: true } | { ok: false; retryAfterMs: number } {
  const since = nowMs - SIGN_IN_WINDOW_MS;
  deleteAttempts(sql, since);
  const used = countAttempts(sql, source);
  const oldest =
    used.same >= SIGN_IN_ATTEMPTS_PER_SOURCE
      ? used.first_same
      : used.everyone >= SIGN_IN_ATTEMPTS_ALL_SOURCES
        ? used.first
        : null;
  if (oldest !== null) {
    return { ok: false, retryAfterMs: Math.max(1_000, oldest + SIGN_IN_WINDOW_MS - nowMs) };
  }
  insertAttempt(sql, source, nowMs);
  return { ok: true };
}

/** Opens a session and forgets the attempts of the address it was opened from. */
export function openOwnerSession(
  sql: SqlStorage,
  how: { source: string; method: SignInMethod; label: string },
  nowMs: number,
): OpenedSession {
  const secret = randomToken();
  const expiresAt = nowMs + OWNER_SESSION_MS;
  deleteAttemptsOf(sql, how.source);
  deleteEndedSessions(sql, nowMs);
  deleteOldestSessions(sql, OWNER_SESSIONS_MAX - 1);
  insertSession(sql, {
    id: randomToken(16),
    secret_hash: sha256Hex(secret),
    csrf: randomToken(),
    created_at: nowMs,
    expires_at: expiresAt,
    method: how.method,
    label: how.label,
    last_seen_at: nowMs,
    confirmed_at: how.method === "passkey" ? nowMs : 0,
  });
  return { secret, expiresAt: new Date(expiresAt).toISOString() };
}

/** The session a cookie's secret opens, or null: unknown, closed or past its hours. */
export function checkOwnerSession(
  sql: SqlStorage,
  secret: string,
  nowMs: number,
): OwnerSession | null {
  const row = findSession(sql, sha256Hex(secret), nowMs);
  if (row === null) return null;
  if (nowMs - row.last_seen_at >= LAST_SEEN_STEP_MS) {
    setLastSeen(sql, row.id, nowMs);
  }
  return {
    id: row.id,
    csrf: row.csrf,
    expiresAt: new Date(row.expires_at).toISOString(),
    method: methodOf(row.method),
    confirmed: nowMs - row.confirmed_at < CONFIRMATION_MS,
  };
}

/** Every session that is open, the latest first. */
export function listOwnerSessions(sql: SqlStorage, nowMs: number): OwnerSessionView[] {
  return openSessions(sql, nowMs).map((row) => ({
    id: row.id,
    method: methodOf(row.method),
    label: row.label,
    openedAt: new Date(row.created_at).toISOString(),
    lastSeenAt: new Date(row.last_seen_at).toISOString(),
    expiresAt: new Date(row.expires_at).toISOString(),
  }));
}

/** Ends a session by its secret; true when there was one. */
export function closeOwnerSession(sql: SqlStorage, secret: string): boolean {
  return deleteSession(sql, sha256Hex(secret));
}

function methodOf(stored: string): SignInMethod {
  return stored === "passkey" || stored === "oidc" || stored === "recovery" ? stored : "token";
}
