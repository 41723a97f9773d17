import { sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import { randomToken } from "../random.ts";
import type { OwnerSession, OwnerSessionView, SignInMethod } from "../rpc/account.ts";

/**
 * Owner sessions and the sign-in budget, on the account's own SQLite.
 *
 * A session's secret exists only in the owner's cookie: here stands its SHA-256, so that a copy of
 * the database signs nobody in. An attempt is counted before the token is compared, never after:
 * two attempts in parallel cannot both take the last one.
 */
export const OWNER_SESSIONS_SCHEMA = `
CREATE TABLE IF NOT EXISTS owner_sessions (
  id TEXT PRIMARY KEY,
  secret_hash TEXT NOT NULL UNIQUE,
  csrf TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS sign_in_attempts (
  source TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS sign_in_attempts_at ON sign_in_attempts (at);
`;

export const OWNER_SESSION_DETAILS_SCHEMA = `
ALTER TABLE owner_sessions ADD COLUMN method TEXT NOT NULL DEFAULT 'token';
ALTER TABLE owner_sessions ADD COLUMN label TEXT NOT NULL DEFAULT '';
ALTER TABLE owner_sessions ADD COLUMN last_seen_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE owner_sessions ADD COLUMN confirmed_at INTEGER NOT NULL DEFAULT 0;
`;

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
  sql.exec("DELETE FROM sign_in_attempts WHERE at <= ?", since);
  const used = sql
    .exec<{ everyone: number; same: number; first: number | null; first_same: number | null }>(
      `SELECT COUNT(*) AS everyone, COALESCE(SUM(source = ?1), 0) AS same,
              MIN(at) AS first, MIN(CASE WHEN source = ?1 THEN at END) AS first_same
       FROM sign_in_attempts`,
      source,
    )
    .one();
  const oldest =
    used.same >= SIGN_IN_ATTEMPTS_PER_SOURCE
      ? used.first_same
      : used.everyone >= SIGN_IN_ATTEMPTS_ALL_SOURCES
        ? used.first
        : null;
  if (oldest !== null) {
    return { ok: false, retryAfterMs: Math.max(1_000, oldest + SIGN_IN_WINDOW_MS - nowMs) };
  }
  sql.exec("INSERT INTO sign_in_attempts (source, at) VALUES (?, ?)", source, nowMs);
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
  sql.exec("DELETE FROM sign_in_attempts WHERE source = ?", how.source);
  sql.exec("DELETE FROM owner_sessions WHERE expires_at <= ?", nowMs);
  sql.exec(
    `DELETE FROM owner_sessions WHERE id IN
       (SELECT id FROM owner_sessions ORDER BY created_at DESC, id LIMIT -1 OFFSET ?)`,
    OWNER_SESSIONS_MAX - 1,
  );
  sql.exec(
    `INSERT INTO owner_sessions
       (id, secret_hash, csrf, created_at, expires_at, method, label, last_seen_at, confirmed_at)
     VALUES (?, ?, ?, ?4, ?, ?, ?, ?4, ?)`,
    randomToken(16),
    sha256Hex(secret),
    randomToken(),
    nowMs,
    expiresAt,
    how.method,
    how.label,
    how.method === "passkey" ? nowMs : 0,
  );
  return { secret, expiresAt: new Date(expiresAt).toISOString() };
}

/** The session a cookie's secret opens, or null: unknown, closed or past its hours. */
export function checkOwnerSession(
  sql: SqlStorage,
  secret: string,
  nowMs: number,
): OwnerSession | null {
  const [row] = sql
    .exec<SessionRow>(
      "SELECT * FROM owner_sessions WHERE secret_hash = ? AND expires_at > ?",
      sha256Hex(secret),
      nowMs,
    )
    .toArray();
  if (row === undefined) return null;
  if (nowMs - row.last_seen_at >= LAST_SEEN_STEP_MS) {
    sql.exec("UPDATE owner_sessions SET last_seen_at = ? WHERE id = ?", nowMs, row.id);
  }
  return {
    id: row.id,
    csrf: row.csrf,
    expiresAt: new Date(row.expires_at).toISOString(),
    method: methodOf(row.method),
    confirmed: nowMs - row.confirmed_at < CONFIRMATION_MS,
  };
}

/** A passkey has just confirmed this session. */
export function noteConfirmed(sql: SqlStorage, sessionId: string, nowMs: number): void {
  sql.exec("UPDATE owner_sessions SET confirmed_at = ? WHERE id = ?", nowMs, sessionId);
}

/** Every session that is open, the latest first. */
export function listOwnerSessions(sql: SqlStorage, nowMs: number): OwnerSessionView[] {
  return sql
    .exec<SessionRow>(
      "SELECT * FROM owner_sessions WHERE expires_at > ? ORDER BY created_at DESC, id",
      nowMs,
    )
    .toArray()
    .map((row) => ({
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
  return (
    sql
      .exec("DELETE FROM owner_sessions WHERE secret_hash = ? RETURNING 1", sha256Hex(secret))
      .toArray().length > 0
  );
}

/** Ends a session by its id; true when there was one. */
export function revokeOwnerSession(sql: SqlStorage, id: string): boolean {
  return sql.exec("DELETE FROM owner_sessions WHERE id = ? RETURNING 1", id).toArray().length > 0;
}

/** Ends every session but one; how many there were. */
export function revokeOtherSessions(sql: SqlStorage, keepId: string): number {
  return sql.exec("DELETE FROM owner_sessions WHERE id <> ? RETURNING 1", keepId).toArray().length;
}

type SessionRow = {
  id: string;
  csrf: string;
  created_at: number;
  expires_at: number;
  method: string;
  label: string;
  last_seen_at: number;
  confirmed_at: number;
};

function methodOf(stored: string): SignInMethod {
  return stored === "passkey" || stored === "oidc" || stored === "recovery" ? stored : "token";
}
