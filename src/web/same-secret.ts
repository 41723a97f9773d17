import { timingSafeEqual } from "node:crypto";

/** Compares two secrets without showing how far they agree. */
export function sameSecret(left: string, right: string): boolean {
  const encoder = new TextEncoder();
  const [a, b] = [encoder.encode(left), encoder.encode(right)];
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}
