import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { OPEN_TOKEN_MAX_SECONDS } from "@ibkr-edge-gateway/protocol/limits.ts";
import { DEVICE_TOKEN } from "@ibkr-edge-gateway/protocol/relay/device-token.ts";
import { fingerprintWords } from "@ibkr-edge-gateway/protocol/relay/fingerprint.ts";
import { SignJWT } from "jose";
import * as z from "zod";
import {
  readPrivateJson,
  removePrivateFile,
  writePrivateJson,
} from "../../config/private-files.ts";

const FILE = "device-key.json";
const NEXT_FILE = "device-key-next.json";

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
  openToken(claims: DeviceClaims): Promise<string>;
  /** The single-use token that opens the relay's socket, and nothing else. */
  upgradeToken(claims: DeviceClaims): Promise<string>;
  /** The single-use token by which this PC stands by its owner; it opens no session. */
  recoveryToken(claims: DeviceClaims): Promise<string>;
  /** The single-use token by which the owner takes this PC into use; it opens no session. */
  useToken(claims: DeviceClaims): Promise<string>;
  /** The single-use token by which this PC gives its pairing up. */
  leaveToken(claims: DeviceClaims): Promise<string>;
  /** The single-use token for one part of the audit log; it opens no session. */
  auditExportToken(claims: DeviceClaims): Promise<string>;
}

export interface DeviceClaims {
  readonly audience: string;
  readonly subject: string;
  readonly nowMs: number;
  readonly jti: string;
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
  const stored = newStoredKey();
  writePrivateJson(configDir, FILE, stored);
  return deviceKey(stored);
}

/** Removes the keys, so that the next pairing makes one that no other machine can hold. */
export function forgetDeviceKey(configDir: string): void {
  removePrivateFile(configDir, NEXT_FILE);
  removePrivateFile(configDir, FILE);
}

/** A key to come: stored beside the present one before the gateway is asked to take it. */
export function createNextDeviceKey(configDir: string): DeviceKey {
  const stored = newStoredKey();
  writePrivateJson(configDir, NEXT_FILE, stored);
  return deviceKey(stored);
}

/**
 * The key, or the two keys when a rotation was broken off: the gateway may have taken the new one
 * or not, and only its answer tells. The new one is tried first.
 */
export interface KeyRing {
  readonly key: DeviceKey;
  /** The gateway did not accept the key that was used last. */
  refused(): void;
  /** It did: the other one, if there is one, is of no use any more. */
  accepted(): void;
}

/** The keys in the configuration folder; null when there is none. */
export function openKeyRing(configDir: string): KeyRing | null {
  const current = readPrivateJson(configDir, FILE, StoredKey);
  if (current === null) return null;
  const next = readPrivateJson(configDir, NEXT_FILE, StoredKey);
  const keys = next === null ? [current] : [next, current];
  const ready = keys.map(deviceKey);
  let active = 0;
  let settled = next === null;
  const used = (): DeviceKey => ready[active % ready.length] ?? deviceKey(current);
  return {
    key: {
      get publicKey() {
        return used().publicKey;
      },
      get fingerprint() {
        return used().fingerprint;
      },
      sign: (message) => used().sign(message),
      openToken: (claims) => used().openToken(claims),
      upgradeToken: (claims) => used().upgradeToken(claims),
      recoveryToken: (claims) => used().recoveryToken(claims),
      useToken: (claims) => used().useToken(claims),
      leaveToken: (claims) => used().leaveToken(claims),
      auditExportToken: (claims) => used().auditExportToken(claims),
    },
    refused() {
      if (!settled) active += 1;
    },
    accepted() {
      if (settled) return;
      settled = true;
      const kept = keys[active % keys.length] ?? current;
      writePrivateJson(configDir, FILE, kept);
      removePrivateFile(configDir, NEXT_FILE);
    },
  };
}

function newStoredKey(): StoredKey {
  const { privateKey } = generateKeyPairSync("ed25519");
  return StoredKey.parse(privateKey.export({ format: "jwk" }));
}

function deviceKey(stored: StoredKey): DeviceKey {
  const privateKey: KeyObject = createPrivateKey({ key: stored, format: "jwk" });
  return {
    publicKey: stored.x,
    fingerprint: fingerprintWords(stored.x).join(" "),
    sign: (message) => sign(null, message, privateKey).toString("base64url"),
    openToken: (claims) => signToken(privateKey, DEVICE_TOKEN.open, claims),
    upgradeToken: (claims) => signToken(privateKey, DEVICE_TOKEN.upgrade, claims),
    recoveryToken: (claims) => signToken(privateKey, DEVICE_TOKEN.recovery, claims),
    useToken: (claims) => signToken(privateKey, DEVICE_TOKEN.use, claims),
    leaveToken: (claims) => signToken(privateKey, DEVICE_TOKEN.leave, claims),
    auditExportToken: (claims) => signToken(privateKey, DEVICE_TOKEN.auditExport, claims),
  };
}

function signToken(
  key: KeyObject,
  typ: string,
  { audience, subject, nowMs, jti }: DeviceClaims,
): Promise<string> {
  const issuedAt = Math.floor(nowMs / 1000);
  return new SignJWT({})
    .setProtectedHeader({ alg: "EdDSA", typ })
    .setAudience(audience)
    .setSubject(subject)
    .setJti(jti)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + OPEN_TOKEN_MAX_SECONDS)
    .sign(key);
}
