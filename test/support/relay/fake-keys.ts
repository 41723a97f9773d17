import { createHash } from "node:crypto";

/**
 * Stand-ins for Ed25519 at the machines' boundary, where verification is an effect and its verdict
 * an input. The real signatures are tested over real sockets; here thousands of runs must be fast.
 */
export function fakeSign(key: string, message: Uint8Array): string {
  const part = (n: number) => createHash("sha256").update(`${key} ${n} `).update(message).digest();
  return Buffer.concat([part(0), part(1)]).toString("base64url");
}

export function fakeVerify(key: string, message: Uint8Array, signature: string): boolean {
  return fakeSign(key, message) === signature;
}
