import { concat, fromBase64Url } from "../bytes.ts";

/** Ed25519 through Web Crypto, which Workers, Node 20 and today's browsers have alike. */

export const ED25519_KEY_BYTES = 32;
export const ED25519_SIGNATURE_BYTES = 64;

/** RFC 8410: what stands before the 32 bytes of a private key in PKCS #8. */
const PKCS8_PREFIX = Uint8Array.of(
  0x30,
  0x2e,
  0x02,
  0x01,
  0x00,
  0x30,
  0x05,
  0x06,
  0x03,
  0x2b,
  0x65,
  0x70,
  0x04,
  0x22,
  0x04,
  0x20,
);

export interface Ed25519Key {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes over the message. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** A key from its 32-byte seed. Throws a RangeError on any other length. */
export async function ed25519FromSeed(seed: Uint8Array): Promise<Ed25519Key> {
  if (seed.length !== ED25519_KEY_BYTES) throw new RangeError("an Ed25519 seed has 32 bytes");
  const key = await crypto.subtle.importKey("pkcs8", concat(PKCS8_PREFIX, seed), "Ed25519", true, [
    "sign",
  ]);
  const jwk = await crypto.subtle.exportKey("jwk", key);
  const publicKey = "x" in jwk && typeof jwk.x === "string" ? fromBase64Url(jwk.x) : null;
  if (publicKey?.length !== ED25519_KEY_BYTES) throw new TypeError("the key has no public half");
  return {
    publicKey,
    sign: async (message) => new Uint8Array(await crypto.subtle.sign("Ed25519", key, message)),
  };
}

/** Whether a signature is the key's over the message. Never throws: what is no key verifies nothing. */
export async function ed25519Verifies(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (publicKey.length !== ED25519_KEY_BYTES || signature.length !== ED25519_SIGNATURE_BYTES) {
    return false;
  }
  try {
    const key = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", key, signature, message);
  } catch {
    return false;
  }
}
