import * as z from "zod";
import { CAPABILITIES } from "../capabilities.ts";
import { USER_CODE_CHARS } from "../limits.ts";

/**
 * The HTTP exchange by which a sidecar gets its account: it asks for a code, its owner types the
 * code into the console, and the sidecar collects the answer with a secret only it holds.
 */

/** No vowels, no letter that looks like a digit: nothing to misread, no words by accident. */
export const USER_CODE_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ";

/** Raw Ed25519 public key, base64url without padding. */
export const PublicKey = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

/** Text a machine says about itself; shown to the owner, so no control characters. */
const Label = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[^\p{C}]+$/u);

export const PairingRequest = z.strictObject({
  device_public_key: PublicKey,
  machine: Label,
  version: Label,
  capabilities: z.array(z.enum(CAPABILITIES)).max(CAPABILITIES.length),
});
export type PairingRequest = z.infer<typeof PairingRequest>;

export const PairingOffer = z.object({
  /** As it is read aloud: `BCDF-GHJK`. */
  user_code: z.string(),
  /** Goes into `Authorization: Bearer` of every poll, and nowhere else. */
  poll_token: z.string(),
  /** Where the owner types the code. */
  verification_url: z.url(),
  /** What the sidecar pins. */
  edge_identity_key: PublicKey,
  expires_at: z.iso.datetime(),
  poll_interval_ms: z.int().positive(),
});
export type PairingOffer = z.infer<typeof PairingOffer>;

/** What gateways before `approver.announce` sent along with a pairing. Nothing is done with it. */
export const ApproverOffer = z.object({
  credential_id: z.string().max(1400),
  public_key: z.string().max(2000),
  fingerprint: z.string().max(200),
});
export type ApproverOffer = z.infer<typeof ApproverOffer>;

export const PairingPoll = z.discriminatedUnion("state", [
  z.object({ state: z.literal("pending") }),
  z.object({
    state: z.literal("confirmed"),
    account_id: z.string().min(1).max(128),
    sidecar_id: z.string().min(1).max(128),
    /** `wss://…/relay/<account-id>`. */
    relay_url: z.url(),
    capabilities: z.array(z.enum(CAPABILITIES)),
    /** Always null now; a sidecar of the version before demands the field. */
    approver: ApproverOffer.nullable(),
  }),
  z.object({ state: z.literal("expired") }),
  z.object({ state: z.literal("revoked") }),
]);
export type PairingPoll = z.infer<typeof PairingPoll>;

/** What a paired sidecar sends to `POST /recovery`; the token is of a type of its own. */
export const RecoveryRequest = z.strictObject({
  account_id: z.string().min(1).max(128),
  sidecar_id: z.string().min(1).max(128),
  token: z.string().min(1).max(2_048),
});
export type RecoveryRequest = z.infer<typeof RecoveryRequest>;

/** What it is answered with: a code to show (201), or the moment from which there is one (202). */
export const RecoveryAnswer = z.union([
  z.object({
    code: z.string().max(16),
    /** False where the code alone signs in, because a day was waited. */
    needs_owner_token: z.boolean().default(true),
  }),
  z.object({ ready_at: z.iso.datetime() }),
]);
export type RecoveryAnswer = z.infer<typeof RecoveryAnswer>;

/** What a paired sidecar sends to `POST /use-this-pc`; the token is of a type of its own. */
export const UseRequest = RecoveryRequest;
export type UseRequest = z.infer<typeof UseRequest>;

/** The PC that stands by from now on; null when this one was in use already, or no other is paired. */
export const UseAnswer = z.object({ replaced: z.string().max(200).nullable() });
export type UseAnswer = z.infer<typeof UseAnswer>;

/** What a paired sidecar sends to `POST /leave` to give its pairing up; the token is of a type of its own. */
export const LeaveRequest = RecoveryRequest;
export type LeaveRequest = z.infer<typeof LeaveRequest>;

/** It is revoked from now on. */
export const LeaveAnswer = z.object({ left: z.literal(true) });
export type LeaveAnswer = z.infer<typeof LeaveAnswer>;

/** The code as typed by a human, or null when it cannot be one. */
export function normaliseUserCode(typed: string): string | null {
  const code = typed.toUpperCase().replace(/[\s-]/g, "");
  if (code.length !== USER_CODE_CHARS) return null;
  for (const char of code) if (!USER_CODE_ALPHABET.includes(char)) return null;
  return code;
}

/** `BCDFGHJK` as it is shown: `BCDF-GHJK`. */
export function showUserCode(code: string): string {
  return `${code.slice(0, 4)}-${code.slice(4)}`;
}

/** A code from random bytes without bias; draws as many bytes as it needs. */
export function makeUserCode(randomByte: () => number): string {
  const unbiased = 256 - (256 % USER_CODE_ALPHABET.length);
  let code = "";
  while (code.length < USER_CODE_CHARS) {
    const byte = randomByte();
    if (byte < unbiased) code += USER_CODE_ALPHABET.charAt(byte % USER_CODE_ALPHABET.length);
  }
  return code;
}
