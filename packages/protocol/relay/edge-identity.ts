import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { decode, encode } from "jose/base64url";
import * as z from "zod";

const PrivateJwk = z.object({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  d: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});

/** The key by which sidecars know their gateway, and what else is derived from it. */
export interface EdgeIdentity {
  /** Raw Ed25519 public key, base64url: what a sidecar pins. */
  readonly publicKey: string;
  /** Ed25519 signature, base64url. */
  sign(message: Uint8Array): Promise<string>;
  /** Keyed hash of a pairing code; names the Pairing object, so that no code is stored anywhere. */
  pairingName(code: string): string;
}

/** Reads the `EDGE_IDENTITY_KEY` secret (an Ed25519 private JWK as JSON text); null when it is no such key. */
export function readEdgeIdentity(secret: string | undefined): EdgeIdentity | null {
  if (secret === undefined) return null;
  let value: unknown;
  try {
    value = JSON.parse(secret);
  } catch {
    return null;
  }
  const jwk = PrivateJwk.safeParse(value);
  if (!jwk.success) return null;
  const { x, d, kty, crv } = jwk.data;
  const codeKey = hmac(sha256, decode(d), utf8ToBytes("ibkr-relay/v1/pairing-code"));
  const key = crypto.subtle.importKey("jwk", { kty, crv, x, d }, "Ed25519", false, ["sign"]);
  // Whoever signs awaits the key and hears of a bad one; until then it is nobody's unhandled failure.
  key.catch(() => undefined);
  return {
    publicKey: x,
    async sign(message) {
      return encode(new Uint8Array(await crypto.subtle.sign("Ed25519", await key, message)));
    },
    pairingName: (code) => encode(hmac(sha256, codeKey, utf8ToBytes(code))),
  };
}

/** Whether `signature` (base64url) is the key's Ed25519 signature over the message. Never throws. */
export async function verifyEd25519(
  publicKey: string,
  message: Uint8Array,
  signature: string,
): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey("raw", decode(publicKey), "Ed25519", false, [
      "verify",
    ]);
    return await crypto.subtle.verify("Ed25519", key, decode(signature), message);
  } catch {
    return false;
  }
}
