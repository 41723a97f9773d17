import { createLocalJWKSet, errors, type JWK, type JWTVerifyGetKey } from "jose";
import * as z from "zod";
import { JWKS_COOLDOWN_MS, JWKS_MAX_AGE_MS } from "./limits.ts";
import { fetchRemoteJson } from "./remote-json.ts";

/** Asymmetric signatures only: with a shared secret the gateway could forge what it verifies. */
export const SIGNATURE_ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
] as const;

/** What a key holds is the library's to judge; here it is enough that it is one. */
const Jwk = z.custom<JWK>(
  (value) =>
    typeof value === "object" && value !== null && "kty" in value && typeof value.kty === "string",
);
const Jwks = z.object({ keys: z.array(Jwk).max(64) });

/**
 * The keys of one issuer. Fetched when first needed and when they are old; fetched again when a
 * token names a key that is not among them, but not more often than the cooldown allows, so that
 * made-up key ids cannot drive requests to the issuer.
 */
export function issuerKeys(
  jwksUri: () => Promise<string>,
  deps: { now: () => number; fetchJson: typeof fetchRemoteJson } = {
    now: Date.now,
    fetchJson: fetchRemoteJson,
  },
): JWTVerifyGetKey {
  let keys: ReturnType<typeof createLocalJWKSet> | undefined;
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let pending: Promise<void> | undefined;

  function refresh(): Promise<void> {
    pending ??= (async () => {
      try {
        const found = Jwks.parse(await deps.fetchJson(await jwksUri()));
        keys = createLocalJWKSet(found);
      } finally {
        // A failed attempt counts as well: an issuer that is down is not hammered.
        fetchedAt = deps.now();
        pending = undefined;
      }
    })();
    return pending;
  }

  return async (header, token) => {
    const age = deps.now() - fetchedAt;
    if (keys === undefined || age > JWKS_MAX_AGE_MS) {
      if (age <= JWKS_COOLDOWN_MS) throw new errors.JWKSNoMatchingKey();
      await refresh();
    }
    try {
      return await select(header, token);
    } catch (error) {
      const unknown = error instanceof errors.JWKSNoMatchingKey;
      if (!unknown || deps.now() - fetchedAt <= JWKS_COOLDOWN_MS) throw error;
      await refresh();
      return select(header, token);
    }
  };

  function select(...args: Parameters<JWTVerifyGetKey>) {
    if (keys === undefined) throw new errors.JWKSNoMatchingKey();
    return keys(...args);
  }
}
