import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { encode } from "jose/base64url";
import { sameSecret } from "../web/same-secret.ts";

/**
 * A WebAuthn challenge for someone who is not signed in yet, so whose account is not known and who
 * shall not cause anything to be stored. It carries its own end and is bound to the browser's form
 * cookie; the account's object makes sure that it is answered once.
 *
 * `<end>.<random>.<MAC over both, the purpose and the form cookie>`, as bytes in base64url.
 */
const TTL_MS = 10 * 60_000;

export type ChallengePurpose = "sign-in" | `sign-up:${string}`;

export function makeChallenge(
  secret: string,
  purpose: ChallengePurpose,
  formToken: string,
  nowMs: number,
): string {
  const end = (nowMs + TTL_MS).toString(36);
  const random = encode(crypto.getRandomValues(new Uint8Array(16)));
  return encode(`${end}.${random}.${mac(secret, purpose, formToken, end, random)}`);
}

/** Whether this deployment made the challenge for this browser, and it has not ended. */
export function isChallenge(
  secret: string,
  purpose: ChallengePurpose,
  formToken: string,
  challenge: string,
  nowMs: number,
): boolean {
  const [end, random, tag, ...rest] = decodeText(challenge).split(".");
  if (end === undefined || random === undefined || tag === undefined || rest.length > 0) {
    return false;
  }
  return (
    sameSecret(tag, mac(secret, purpose, formToken, end, random)) &&
    Number.parseInt(end, 36) > nowMs
  );
}

function mac(secret: string, purpose: string, form: string, end: string, random: string): string {
  const message = JSON.stringify(["ibkr-challenge/v1", purpose, form, end, random]);
  return encode(hmac(sha256, utf8ToBytes(secret), utf8ToBytes(message)));
}

function decodeText(base64url: string): string {
  try {
    return atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return "";
  }
}
