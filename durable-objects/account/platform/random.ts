import { encode } from "jose/base64url";

/** Random bytes as base64url without padding; 256 bits unless `bytes` says otherwise. */
export function randomToken(bytes = 32): string {
  return encode(crypto.getRandomValues(new Uint8Array(bytes)));
}

/** That many random bytes. */
export function randomBytes(bytes: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(bytes));
}
