import { createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import * as z from "zod";
import { readPrivateJson, writePrivateJson } from "../../config/private-files.ts";

/**
 * Keys of this PC that sign one kind of thing each and are no device key: its cosignatures under heads
 * of the audit log, and its statements of what it sent. One key never serves two kinds.
 */
export const WITNESS_KEY_FILE = "witness-key.json";
export const STATEMENT_KEY_FILE = "statement-key.json";

const StoredKey = z.strictObject({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  d: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});

export interface SigningKey {
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes over the message. */
  sign(message: Uint8Array): Uint8Array;
}

/** The key of a file in the configuration folder, made now when there is none. */
export function openSigningKey(configDir: string, file: string): SigningKey {
  const existing = readPrivateJson(configDir, file, StoredKey);
  if (existing !== null) return signingKey(existing);
  const made = newSigningKey();
  writePrivateJson(configDir, file, made);
  return signingKey(made);
}

/** A key that stands in no file; for tests, and for what lives as long as the process. */
export const memorySigningKey = (): SigningKey => signingKey(newSigningKey());

function newSigningKey(): z.infer<typeof StoredKey> {
  return StoredKey.parse(generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }));
}

function signingKey(stored: z.infer<typeof StoredKey>): SigningKey {
  const key = createPrivateKey({ key: stored, format: "jwk" });
  return {
    publicKey: new Uint8Array(Buffer.from(stored.x, "base64url")),
    sign: (message) => new Uint8Array(sign(null, message, key)),
  };
}
