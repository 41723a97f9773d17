import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8 } from "../bytes.ts";
import { ED25519_KEY_BYTES, type Ed25519Key, ed25519FromSeed } from "../note/ed25519.ts";

/** One secret of the gateway gives each log a key of its own; no key serves two purposes. */
const INFO = "ibkr-audit-log-key/v1";

/**
 * The seed of a log's key: HKDF-SHA-256 over the gateway's 32-byte secret, with the log id's text as
 * salt. Throws a RangeError when the secret is not 32 bytes.
 */
export function logSeed(secret: Uint8Array, logId: string): Uint8Array {
  if (secret.length !== ED25519_KEY_BYTES) throw new RangeError("the secret has 32 bytes");
  return hkdf(sha256, secret, utf8(logId), utf8(INFO), ED25519_KEY_BYTES);
}

/** The key that signs a log's checkpoints, from the same. */
export async function logKey(secret: Uint8Array, logId: string): Promise<Ed25519Key> {
  return ed25519FromSeed(logSeed(secret, logId));
}
