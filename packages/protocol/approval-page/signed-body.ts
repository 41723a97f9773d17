import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { decode, encode } from "jose/base64url";
import * as z from "zod";
import { canonicalJson } from "../digest.ts";
import type { JsonObject } from "../json.ts";

/**
 * What the PC says to a page, signed with its ticket key: Ed25519 over a domain, a line feed and the
 * RFC 8785 text of the body. The domain tells apart what a signature was given for; receipts have the
 * domain and the form of all statements of a PC (see `packages/evidence/order/statement.ts`), and one
 * key and one sequence with them.
 */
export const DOMAINS = {
  order: "ibkr-approver-ticket/v1",
  question: "ibkr-approver-question/v1",
  mandate: "ibkr-approver-mandate/v1",
  lift_kill_switch: "ibkr-approver-lift/v1",
  loosen_policy: "ibkr-approver-policy/v1",
  probe: "ibkr-approver-probe/v1",
  receipt: "ibkr-pc-statement/v1",
} as const;
export type Domain = (typeof DOMAINS)[keyof typeof DOMAINS];

/** 64 bytes, base64url. */
export const Ed25519Signature = z.string().regex(/^[A-Za-z0-9_-]{86}$/);
/** 32 bytes, base64url. */
export const Ed25519PublicKey = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

/** The bytes that are signed. */
export const signedBytes = (domain: Domain, body: JsonObject): Uint8Array =>
  utf8ToBytes(`${domain}\n${canonicalJson(body)}`);

/** Lower-case hex SHA-256 over those bytes: the name of an envelope in all that answers it. */
export const signedSha256 = (domain: Domain, body: JsonObject): string =>
  bytesToHex(sha256(signedBytes(domain, body)));

/** Verifies one signature: public key and signature as bytes. */
export type VerifyEd25519 = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => Promise<boolean>;

/** Signs bytes with the PC's ticket key; 64 bytes. */
export type SignWithTicketKey = (message: Uint8Array) => Promise<Uint8Array>;

/** The signature over a body under its domain, base64url. */
export async function signBody(
  domain: Domain,
  body: JsonObject,
  sign: SignWithTicketKey,
): Promise<string> {
  return encode(await sign(signedBytes(domain, body)));
}

/** Whether the key, base64url, signed this body under this domain. Never throws. */
export async function bodyHolds(
  domain: Domain,
  { body, signature }: { body: JsonObject; signature: string },
  publicKey: string,
  verify: VerifyEd25519 = verifyEd25519,
): Promise<boolean> {
  try {
    return await verify(decode(publicKey), signedBytes(domain, body), decode(signature));
  } catch {
    return false;
  }
}

/** By Web Crypto, which Workers, Node and today's browsers have alike. Never throws. */
export async function verifyEd25519(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  try {
    const key = await crypto.subtle.importKey("raw", own(publicKey), "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", key, own(signature), own(message));
  } catch {
    return false;
  }
}

/** A copy in memory of its own, as Web Crypto's types want it. */
const own = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);
