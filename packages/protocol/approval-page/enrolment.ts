import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { decode, encode } from "jose/base64url";
import * as z from "zod";
import { canonicalJson, sha256Hex } from "../digest.ts";
import { Hash, Nonce } from "../orders/intent.ts";
import { APPROVER_LIMITS } from "./approver-limits.ts";
import { PageOrigin, RpId } from "./page-origin.ts";
import { Ed25519PublicKey } from "./signed-body.ts";

/**
 * How a page's passkey becomes an approver. The PC's screen shows a secret that the edge never sees;
 * what the page made comes back with a MAC under it, so that the edge can bring no key of its own.
 */
const DOMAIN = "ibkr-approver-enrol/v1\n";

/** What the QR carries in the address's fragment, `#e=`: base64url of its canonical JSON. */
export const EnrolmentCode = z.strictObject({
  v: z.literal(1),
  nonce: Nonce,
  /** 16 bytes, lower-case hex. */
  secret: Nonce,
  /** Seconds since 1970. */
  exp: z.int().positive(),
});
export type EnrolmentCode = z.infer<typeof EnrolmentCode>;

/** The fragment without its `#`. */
export const enrolmentFragment = (code: EnrolmentCode): string =>
  `e=${encode(canonicalJson(code))}`;

/** Null for anything that is no such fragment. */
export function readEnrolmentFragment(fragment: string): EnrolmentCode | null {
  const found = /^#?e=([A-Za-z0-9_-]{1,400})$/.exec(fragment)?.[1];
  if (found === undefined) return null;
  try {
    const parsed = EnrolmentCode.safeParse(JSON.parse(new TextDecoder().decode(decode(found))));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** How many random bytes a ceremony begins with: what eight words hold. */
export const ENROLMENT_SEED_BYTES = 11;
const WORDS = 8;
const BITS_PER_WORD = 11n;

/**
 * Nonce and secret of a ceremony from its 11 random bytes, so that who has no camera can type eight
 * words in place of the QR. 88 bits, which nobody guesses in five minutes.
 */
export function enrolmentCodeOf(seed: Uint8Array, exp: number): EnrolmentCode {
  if (seed.length !== ENROLMENT_SEED_BYTES) throw new RangeError("a seed has 11 bytes");
  const part = (name: string): string =>
    bytesToHex(sha256(concatBytes(utf8ToBytes(`${DOMAIN}${name}\n`), seed)).subarray(0, 16));
  return { v: 1, nonce: part("nonce"), secret: part("secret"), exp };
}

/** The seed as eight words of the BIP-39 English list. */
export function enrolmentWords(seed: Uint8Array): string[] {
  if (seed.length !== ENROLMENT_SEED_BYTES) throw new RangeError("a seed has 11 bytes");
  let bits = 0n;
  for (const byte of seed) bits = (bits << 8n) | BigInt(byte);
  return Array.from({ length: WORDS }, (_, at) => {
    const shift = BITS_PER_WORD * BigInt(WORDS - 1 - at);
    return wordlist[Number((bits >> shift) & 2047n)] ?? "";
  });
}

/** The seed of eight words, in whatever case and spacing; null where they are no such words. */
export function seedFromWords(text: string): Uint8Array | null {
  const words = text.trim().toLowerCase().split(/\s+/);
  if (words.length !== WORDS) return null;
  let bits = 0n;
  for (const word of words) {
    const at = wordlist.indexOf(word);
    if (at < 0) return null;
    bits = (bits << BITS_PER_WORD) | BigInt(at);
  }
  return hexToBytes(bits.toString(16).padStart(2 * ENROLMENT_SEED_BYTES, "0"));
}

const Base64Url = z.string().regex(/^[A-Za-z0-9_-]+$/);

/** A new passkey as the browser gave it, without what nobody reads. */
export const Registration = z.strictObject({
  id: Base64Url.max(1_400),
  client_data_json: Base64Url.max(4_096),
  attestation_object: Base64Url.max(16_384),
  transports: z.array(z.string().max(32)).max(8),
});
export type Registration = z.infer<typeof Registration>;

export const EnrolmentMessage = z.strictObject({
  v: z.literal(1),
  kind: z.literal("enrolment"),
  rp_id: RpId,
  origin: PageOrigin,
  registration: Registration,
  /** SHA-256 of the page token's 32 bytes. */
  page_token_sha256: Hash,
  mac: Hash,
});
export type EnrolmentMessage = z.infer<typeof EnrolmentMessage>;

/** Where a key is made, and for which PC. */
export interface EnrolmentPlace {
  rp_id: string;
  origin: string;
  sidecar_id: string;
  /** The PC's ticket key, base64url. */
  pc_key: string;
  nonce: string;
}

/** The challenge of the new passkey: 32 bytes, base64url. */
export function enrolmentChallenge(place: EnrolmentPlace): string {
  const { rp_id, origin, sidecar_id, pc_key, nonce } = place;
  const text = canonicalJson({ rp_id, origin, sidecar_id, pc_key, nonce });
  return encode(hexToBytes(sha256Hex(`${DOMAIN}${text}`)));
}

/**
 * HMAC-SHA-256 under the secret's 16 bytes, lower-case hex, over the domain and three hashes: of the
 * client's data, of the attestation, and of the token's hash with relying party and origin.
 * Throws where a part is no base64url or hex.
 */
export function enrolmentMac(secret: string, message: Omit<EnrolmentMessage, "mac">): string {
  const { registration, page_token_sha256, rp_id, origin } = message;
  const place = concatBytes(hexToBytes(page_token_sha256), utf8ToBytes(`${rp_id}\n${origin}`));
  const said = concatBytes(
    utf8ToBytes(DOMAIN),
    sha256(decode(registration.client_data_json)),
    sha256(decode(registration.attestation_object)),
    sha256(place),
  );
  return bytesToHex(hmac(sha256, hexToBytes(secret), said));
}

/**
 * What a page that is enrolled shows to be let through: 32 bytes made of the secret, base64url. The PC
 * gives the edge its hash, so that nobody but who saw the PC's screen can bring an enrolment.
 */
export const enrolmentBearer = (secret: string): string =>
  encode(hmac(sha256, hexToBytes(secret), utf8ToBytes(`${DOMAIN}bearer\n`)));

/** Whether the MAC is the secret's; takes as long for every wrong one. Never throws. */
export function enrolmentMacHolds(secret: string, message: EnrolmentMessage): boolean {
  try {
    const { mac, ...rest } = message;
    const expected = enrolmentMac(secret, rest);
    let differs = expected.length ^ mac.length;
    for (let at = 0; at < expected.length; at += 1) {
      differs |= expected.charCodeAt(at) ^ mac.charCodeAt(at);
    }
    return differs === 0;
  } catch {
    return false;
  }
}

/** What the PC fills into the page's file. */
export const PageSettings = z.strictObject({
  v: z.literal(1),
  /** The edge's origin; empty where the PC itself serves the page. */
  edge: z.string().max(300),
  gateway_account_id: z.string().min(1).max(128),
  sidecar_id: z.string().min(1).max(128),
  pc_key: Ed25519PublicKey,
  /** What the system shows at the tap: `IBKR approvals, <PC name>`. */
  pc_name: z.string().min(1).max(64),
});
export type PageSettings = z.infer<typeof PageSettings>;

/** When a code made now ends, in seconds since 1970. */
export const enrolmentEnds = (nowMs: number): number =>
  Math.floor(nowMs / 1_000) + APPROVER_LIMITS.enrolmentSeconds;
