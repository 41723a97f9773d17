import type { PasskeyAssertion, PasskeyRegistration } from "@ibkr-edge-gateway/protocol/passkey.ts";
import { randomToken } from "../platform/random.ts";
import { setting, storeSetting } from "./tables/owner-settings.ts";
import {
  deleteChallenge,
  deleteEndedChallenges,
  insertChallenge,
  insertSpentChallenge,
} from "./tables/passkey-challenges.ts";
import { countPasskeys, findPasskey, insertPasskey, notePasskeyUse } from "./tables/passkeys.ts";
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

export const PASSKEYS_MAX = 20;
/** How long a page with a challenge may stay open before it is answered. */
const CHALLENGE_MS = 10 * 60_000;

const TOKEN_SIGN_IN = "token_sign_in";

type ChallengePurpose = "register" | "confirm";

/** A challenge for a signed-in owner's page. */
export function issueChallenge(
  sql: SqlStorage,
  purpose: ChallengePurpose,
  sessionId: string,
  nowMs: number,
): string {
  deleteEndedChallenges(sql, nowMs);
  const challenge = randomToken();
  insertChallenge(sql, { challenge, purpose, sessionId, forgetAt: nowMs + CHALLENGE_MS });
  return challenge;
}

/**
 * Marks a sign-in challenge as answered. The Worker made it, bound it to the browser and to a time;
 * here it is used up. False when it was used before.
 */
export function spendSignInChallenge(sql: SqlStorage, challenge: string, nowMs: number): boolean {
  deleteEndedChallenges(sql, nowMs);
  return insertSpentChallenge(sql, challenge, nowMs + 2 * CHALLENGE_MS);
}

/** Adds the passkey that a page made, answering a challenge of the same session. */
export async function registerPasskey(
  sql: SqlStorage,
  answer: { response: PasskeyRegistration; sessionId: string; name: string; party: RelyingParty },
  now: () => number,
): Promise<"added" | "refused" | "known" | "full"> {
  const challenge = claimedChallenge(answer.response.response.clientDataJSON);
  if (challenge === null) return "refused";
  const of = { challenge, purpose: "register", sessionId: answer.sessionId };
  if (!deleteChallenge(sql, of, now())) return "refused";
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
  return insertPasskey(sql, { ...made, name: answer.name, addedAt: now() }) ? "added" : "known";
}

/** Whether a signed-in owner's passkey answered the challenge of a page of the same session. */
export async function confirmWithPasskey(
  sql: SqlStorage,
  answer: { response: PasskeyAssertion; sessionId: string; party: RelyingParty },
  now: () => number,
): Promise<boolean> {
  const challenge = claimedChallenge(answer.response.response.clientDataJSON);
  if (challenge === null) return false;
  const of = { challenge, purpose: "confirm", sessionId: answer.sessionId };
  if (!deleteChallenge(sql, of, now())) return false;
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
  const known = findPasskey(sql, response.id);
  if (known === null) return false;
  const proved = await verifyAssertion(response, challenge, party, known);
  if (proved === null) return false;
  // Another answer may have come in while this one was verified, or the passkey may be gone.
  return notePasskeyUse(sql, { credentialId: response.id, ...proved, usedAt: now() });
}

/**
 * Whether the owner token signs in: until the first passkey is enrolled, and afterwards only where
 * the owner says so.
 */
export function tokenSignsIn(sql: SqlStorage): boolean {
  if (countPasskeys(sql) === 0) return true;
  return setting(sql, TOKEN_SIGN_IN) === "on";
}

export function setTokenSignIn(sql: SqlStorage, on: boolean): void {
  storeSetting(sql, TOKEN_SIGN_IN, on ? "on" : "off");
}
