import { encode } from "jose/base64url";

/** 256 random bits, base64url. */
export function randomToken(): string {
  return encode(crypto.getRandomValues(new Uint8Array(32)));
}
