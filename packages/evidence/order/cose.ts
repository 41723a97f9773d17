import { toBase64Url } from "../bytes.ts";
import { ed25519Verifies } from "../note/ed25519.ts";

/** A passkey's public key, from COSE (RFC 9052): the three kinds that approvers have. */
export interface PasskeyKey {
  readonly algorithm: "ES256" | "EdDSA" | "RS256";
  /** Never throws: a signature that cannot even be read is not the key's. */
  verifies(message: Uint8Array, signature: Uint8Array): Promise<boolean>;
}

const COORDINATE_BYTES = 32;

/** Null for a key of another kind, or what is no key at all. */
export function readCoseKey(cose: Uint8Array): PasskeyKey | null {
  const map = readCborMap(cose);
  if (map === null) return null;
  const [kind, algorithm, curve] = [map.get(1), map.get(3), map.get(-1)];
  const [x, y] = [map.get(-2), map.get(-3)];
  if (kind === 2 && algorithm === -7 && curve === 1) return es256(x, y);
  if (kind === 1 && algorithm === -8 && curve === 6 && isBytes(x, COORDINATE_BYTES)) {
    return {
      algorithm: "EdDSA",
      verifies: (message, signature) => ed25519Verifies(x, message, signature),
    };
  }
  if (kind === 3 && algorithm === -257 && isBytes(curve) && isBytes(x)) return rs256(curve, x);
  return null;
}

function es256(x: unknown, y: unknown): PasskeyKey | null {
  if (!isBytes(x, COORDINATE_BYTES) || !isBytes(y, COORDINATE_BYTES)) return null;
  const jwk = { kty: "EC", crv: "P-256", x: toBase64Url(x), y: toBase64Url(y) };
  return {
    algorithm: "ES256",
    verifies(message, signature) {
      const raw = rawSignature(signature);
      if (raw === null) return Promise.resolve(false);
      const importing = { name: "ECDSA", namedCurve: "P-256" };
      return verifies(jwk, importing, { name: "ECDSA", hash: "SHA-256" }, message, raw);
    },
  };
}

function rs256(n: Uint8Array, e: Uint8Array): PasskeyKey {
  const jwk = { kty: "RSA", n: toBase64Url(n), e: toBase64Url(e) };
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  return {
    algorithm: "RS256",
    verifies: (message, signature) => verifies(jwk, algorithm, algorithm, message, signature),
  };
}

async function verifies(
  jwk: { readonly kty: string },
  importing: { readonly name: string },
  verifying: { readonly name: string; readonly hash: string },
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey("jwk", jwk, importing, false, ["verify"]);
    return await crypto.subtle.verify(verifying, key, signature, message);
  } catch {
    return false;
  }
}

/** ECDSA's r and s out of DER, each filled up to 32 bytes; null for any other form. */
function rawSignature(der: Uint8Array): Uint8Array | null {
  const [tag, length] = der;
  if (tag !== 0x30 || length !== der.length - 2) return null;
  const raw = new Uint8Array(2 * COORDINATE_BYTES);
  let at = 2;
  for (const half of [0, 1]) {
    const size = der[at + 1] ?? 0;
    const value = der.subarray(at + 2, at + 2 + size);
    if (der[at] !== 0x02 || size === 0 || value.length !== size) return null;
    const digits = value[0] === 0 ? value.subarray(1) : value;
    if (digits.length > COORDINATE_BYTES) return null;
    raw.set(digits, (half + 1) * COORDINATE_BYTES - digits.length);
    at += 2 + size;
  }
  return at === der.length ? raw : null;
}

/** A CBOR map of whole numbers to whole numbers or bytes, which is all that such a key is. */
function readCborMap(bytes: Uint8Array): Map<number, number | Uint8Array> | null {
  let at = 0;
  const head = (): { kind: number; value: number } | null => {
    const first = bytes[at++];
    if (first === undefined) return null;
    const short = first & 0x1f;
    const width = short < 24 ? 0 : short === 24 ? 1 : short === 25 ? 2 : -1;
    if (width === -1 || at + width > bytes.length) return null;
    const value =
      width === 0 ? short : bytes.subarray(at, at + width).reduce((sum, b) => sum * 256 + b, 0);
    at += width;
    return { kind: first >> 5, value };
  };
  const item = (): number | Uint8Array | null => {
    const found = head();
    if (found === null) return null;
    if (found.kind === 0) return found.value;
    if (found.kind === 1) return -1 - found.value;
    if (found.kind !== 2 || at + found.value > bytes.length) return null;
    at += found.value;
    return bytes.slice(at - found.value, at);
  };
  const start = head();
  if (start?.kind !== 5) return null;
  const map = new Map<number, number | Uint8Array>();
  for (let left = start.value; left > 0; left--) {
    const [name, value] = [item(), item()];
    if (typeof name !== "number" || value === null || map.has(name)) return null;
    map.set(name, value);
  }
  return at === bytes.length ? map : null;
}

function isBytes(value: unknown, length?: number): value is Uint8Array {
  return value instanceof Uint8Array && (length === undefined || value.length === length);
}
