import type { PasskeyAssertion, PasskeyRegistration } from "@ibkr-edge-gateway/protocol/passkey.ts";
import { randomToken } from "../random.ts";
import type { PasskeyView } from "../rpc/account.ts";
import {
  claimedChallenge,
  type RelyingParty,
  verifyAssertion,
  verifyRegistration,
} from "./webauthn.ts";

/**
 * The owner's passkeys and the challenges they answer.
 *
 * A challenge is taken before its answer is verified, so no answer is ever tried twice; a counter
 * moves only forwards, in the same statement that reads it.
 */
export const PASSKEYS_SCHEMA = `
CREATE TABLE passkeys (
  credential_id TEXT PRIMARY KEY,
  public_key TEXT NOT NULL,
  counter INTEGER NOT NULL,
  transports TEXT NOT NULL,
  name TEXT NOT NULL,
  backed_up INTEGER NOT NULL,
  added_at INTEGER NOT NULL,
  last_used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE passkey_challenges (
  challenge TEXT PRIMARY KEY,
  purpose TEXT NOT NULL,
  session_id TEXT,
  forget_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE owner_settings (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;

export const PASSKEYS_MAX = 20;
/** How long a page with a challenge may stay open before it is answered. */
const CHALLENGE_MS = 10 * 60_000;

type ChallengePurpose = "register" | "confirm";

/** A challenge for a signed-in owner's page. */
export function issueChallenge(
  sql: SqlStorage,
  purpose: ChallengePurpose,
  sessionId: string,
  nowMs: number,
): string {
  sql.exec("DELETE FROM passkey_challenges WHERE forget_at <= ?", nowMs);
  const challenge = randomToken();
  sql.exec(
    "INSERT INTO passkey_challenges (challenge, purpose, session_id, forget_at) VALUES (?, ?, ?, ?)",
    challenge,
    purpose,
    sessionId,
    nowMs + CHALLENGE_MS,
  );
  return challenge;
}

function takeChallenge(
  sql: SqlStorage,
  challenge: string,
  purpose: ChallengePurpose,
  sessionId: string,
  nowMs: number,
): boolean {
  return (
    sql
      .exec(
        `DELETE FROM passkey_challenges
         WHERE challenge = ? AND purpose = ? AND session_id = ? AND forget_at > ? RETURNING 1`,
        challenge,
        purpose,
        sessionId,
        nowMs,
      )
      .toArray().length > 0
  );
}

/**
 * Marks a sign-in challenge as answered. The Worker made it, bound it to the browser and to a time;
 * here it is used up. False when it was used before.
 */
export function spendSignInChallenge(sql: SqlStorage, challenge: string, nowMs: number): boolean {
  sql.exec("DELETE FROM passkey_challenges WHERE forget_at <= ?", nowMs);
  return (
    sql
      .exec(
        `INSERT INTO passkey_challenges (challenge, purpose, forget_at) VALUES (?, 'spent', ?)
         ON CONFLICT DO NOTHING RETURNING 1`,
        challenge,
        nowMs + 2 * CHALLENGE_MS,
      )
      .toArray().length > 0
  );
}

/** Adds the passkey that a page made, answering a challenge of the same session. */
export async function registerPasskey(
  sql: SqlStorage,
  answer: { response: PasskeyRegistration; sessionId: string; name: string; party: RelyingParty },
  now: () => number,
): Promise<"added" | "refused" | "known" | "full"> {
  const challenge = claimedChallenge(answer.response.response.clientDataJSON);
  if (challenge === null) return "refused";
  if (!takeChallenge(sql, challenge, "register", answer.sessionId, now())) return "refused";
  return addPasskey(sql, { ...answer, challenge }, now);
}

/** Adds a passkey whose challenge the caller has already taken. */
export async function addPasskey(
  sql: SqlStorage,
  answer: { response: PasskeyRegistration; challenge: string; name: string; party: RelyingParty },
  now: () => number,
): Promise<"added" | "refused" | "known" | "full"> {
  const made = await verifyRegistration(answer.response, answer.challenge, answer.party);
  if (made === null) return "refused";
  if (countPasskeys(sql) >= PASSKEYS_MAX) return "full";
  const added = sql
    .exec(
      `INSERT INTO passkeys
         (credential_id, public_key, counter, transports, name, backed_up, added_at)
       VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1`,
      made.credentialId,
      made.publicKey,
      made.counter,
      JSON.stringify(made.transports),
      answer.name,
      made.backedUp ? 1 : 0,
      now(),
    )
    .toArray();
  return added.length > 0 ? "added" : "known";
}

/** Whether a signed-in owner's passkey answered the challenge of a page of the same session. */
export async function confirmWithPasskey(
  sql: SqlStorage,
  answer: { response: PasskeyAssertion; sessionId: string; party: RelyingParty },
  now: () => number,
): Promise<boolean> {
  const challenge = claimedChallenge(answer.response.response.clientDataJSON);
  if (challenge === null) return false;
  if (!takeChallenge(sql, challenge, "confirm", answer.sessionId, now())) return false;
  return proves(sql, answer.response, challenge, answer.party, now);
}

/** Whether one of this account's passkeys answered the challenge. The caller has spent it. */
export async function proves(
  sql: SqlStorage,
  response: PasskeyAssertion,
  challenge: string,
  party: RelyingParty,
  now: () => number,
): Promise<boolean> {
  const [row] = sql
    .exec<{ public_key: string; counter: number }>(
      "SELECT public_key, counter FROM passkeys WHERE credential_id = ?",
      response.id,
    )
    .toArray();
  if (row === undefined) return false;
  const proved = await verifyAssertion(response, challenge, party, {
    credentialId: response.id,
    publicKey: row.public_key,
    counter: row.counter,
  });
  if (proved === null) return false;
  // Another answer may have come in while this one was verified, or the passkey may be gone.
  const moved = sql
    .exec(
      `UPDATE passkeys SET counter = ?1, backed_up = ?2, last_used_at = ?3
       WHERE credential_id = ?4 AND (counter < ?1 OR (counter = 0 AND ?1 = 0)) RETURNING 1`,
      proved.counter,
      proved.backedUp ? 1 : 0,
      now(),
      response.id,
    )
    .toArray();
  return moved.length > 0;
}

export function countPasskeys(sql: SqlStorage): number {
  return sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM passkeys").one().n;
}

export function isPasskey(sql: SqlStorage, credentialId: string): boolean {
  return (
    sql.exec("SELECT 1 FROM passkeys WHERE credential_id = ?", credentialId).toArray().length > 0
  );
}

export function listPasskeys(sql: SqlStorage): PasskeyView[] {
  return sql
    .exec<{
      credential_id: string;
      public_key: string;
      transports: string;
      name: string;
      backed_up: number;
      added_at: number;
      last_used_at: number | null;
    }>("SELECT * FROM passkeys ORDER BY added_at, credential_id")
    .toArray()
    .map((row) => ({
      credentialId: row.credential_id,
      publicKey: row.public_key,
      transports: JSON.parse(row.transports),
      name: row.name,
      backedUp: row.backed_up === 1,
      addedAt: new Date(row.added_at).toISOString(),
      lastUsedAt: row.last_used_at === null ? null : new Date(row.last_used_at).toISOString(),
    }));
}

/** Removes one, never the last: without any, the owner token alone would open the house again. */
export function removePasskey(sql: SqlStorage, credentialId: string): boolean {
  return (
    sql
      .exec(
        `DELETE FROM passkeys
         WHERE credential_id = ? AND (SELECT COUNT(*) FROM passkeys) > 1 RETURNING 1`,
        credentialId,
      )
      .toArray().length > 0
  );
}

/**
 * Whether the owner token signs in: until the first passkey is enrolled, and afterwards only where
 * the owner says so.
 */
export function tokenSignsIn(sql: SqlStorage): boolean {
  if (countPasskeys(sql) === 0) return true;
  return (
    sql.exec("SELECT 1 FROM owner_settings WHERE name = 'token_sign_in' AND value = 'on'").toArray()
      .length > 0
  );
}

export function setTokenSignIn(sql: SqlStorage, on: boolean): void {
  sql.exec(
    `INSERT INTO owner_settings (name, value) VALUES ('token_sign_in', ?1)
     ON CONFLICT (name) DO UPDATE SET value = ?1`,
    on ? "on" : "off",
  );
}
