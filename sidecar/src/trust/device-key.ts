import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { SignJWT } from "jose";
import * as z from "zod";
import { OPEN_TOKEN_MAX_SECONDS } from "../../../src/protocol/limits.ts";
import { fingerprintWords } from "../../../src/protocol/relay/fingerprint.ts";
import { readPrivateJson, writePrivateJson } from "../config/files.ts";

const FILE = "device-key.json";

const StoredKey = z.strictObject({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  d: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});
type StoredKey = z.infer<typeof StoredKey>;

/** This PC's own key; its private half never leaves the file and this process. */
export interface DeviceKey {
  /** Raw Ed25519 public key, base64url. */
  readonly publicKey: string;
  /** Six words. */
  readonly fingerprint: string;
  /** Ed25519 signature, base64url. */
  sign(message: Uint8Array): string;
  /** The single-use token that opens a session. */
  openToken(claims: {
    audience: string;
    subject: string;
    nowMs: number;
    jti: string;
  }): Promise<string>;
}

/** The key in the configuration folder; null when there is none yet. */
export function loadDeviceKey(configDir: string): DeviceKey | null {
  const stored = readPrivateJson(configDir, FILE, StoredKey);
  return stored === null ? null : deviceKey(stored);
}

/** The key in the configuration folder, made now when there is none. */
export function loadOrCreateDeviceKey(configDir: string): DeviceKey {
  const existing = loadDeviceKey(configDir);
  if (existing !== null) return existing;
  const { privateKey } = generateKeyPairSync("ed25519");
  const stored = StoredKey.parse(privateKey.export({ format: "jwk" }));
  writePrivateJson(configDir, FILE, stored);
  return deviceKey(stored);
}

function deviceKey(stored: StoredKey): DeviceKey {
  const privateKey: KeyObject = createPrivateKey({ key: stored, format: "jwk" });
  return {
    publicKey: stored.x,
    fingerprint: fingerprintWords(stored.x).join(" "),
    sign: (message) => sign(null, message, privateKey).toString("base64url"),
    openToken({ audience, subject, nowMs, jti }) {
      const issuedAt = Math.floor(nowMs / 1000);
      return new SignJWT({})
        .setProtectedHeader({ alg: "EdDSA", typ: "ibkr-relay+jwt" })
        .setAudience(audience)
        .setSubject(subject)
        .setJti(jti)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + OPEN_TOKEN_MAX_SECONDS)
        .sign(privateKey);
    },
  };
}
