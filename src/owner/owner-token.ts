import { OWNER_TOKEN_MIN_CHARS } from "../web/limits.ts";

export type OwnerTokenState = "ready" | "missing" | "too_short";

/** Whether this deployment has a token that an owner can sign in with. */
export function ownerTokenState(configured: string | undefined): OwnerTokenState {
  if (configured === undefined || configured === "") return "missing";
  return configured.length < OWNER_TOKEN_MIN_CHARS ? "too_short" : "ready";
}

/**
 * Compares in constant time: both sides are hashed first, so that neither the first difference nor
 * the length shows.
 */
export async function isOwnerToken(
  configured: string | undefined,
  given: string,
): Promise<boolean> {
  if (configured === undefined || ownerTokenState(configured) !== "ready") return false;
  const [left, right] = await Promise.all([sha256(configured), sha256(given)]);
  return crypto.subtle.timingSafeEqual(left, right);
}

function sha256(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}
