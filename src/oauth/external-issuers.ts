import { isAccountId } from "@ibkr-edge-gateway/protocol/account-id.ts";
import { isScope, type Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { decodeJwt, errors, jwtVerify } from "jose";
import * as z from "zod";
import { ConfigurationError } from "../web/env.ts";
import { discover } from "../web/issuer-discovery.ts";
import { issuerKeys, SIGNATURE_ALGORITHMS } from "../web/issuer-keys.ts";

/**
 * Access tokens of other issuers, where a deployment names them. Issuer, audience, type and
 * algorithms are compared exactly as configured; nothing is normalised, so nothing can be made to
 * match that was not written down.
 */

const ExternalIssuer = z.strictObject({
  /** Exactly the tokens' `iss`. */
  issuer: z.url({ protocol: /^https$/ }),
  /** Exactly the tokens' `aud`, or one of them. */
  audience: z.string().min(1),
  /** Where the keys are; found by discovery when absent. */
  jwks_uri: z.url({ protocol: /^https$/ }).optional(),
  algorithms: z.array(z.enum(SIGNATURE_ALGORITHMS)).min(1).default(["RS256", "ES256", "EdDSA"]),
  /** Exactly the tokens' `typ`, without regard to case and an `application/` in front. */
  typ: z.string().min(1).default("at+jwt"),
  max_age_seconds: z.int().positive().max(86_400).default(3_600),
  /** `sub` to account: `operator`, or an account's id. Whoever is not listed is nobody. */
  subjects: z.record(
    z.string().min(1),
    z.union([z.literal("operator"), z.string().refine(isAccountId)]),
  ),
});
export type ExternalIssuer = z.infer<typeof ExternalIssuer>;

const ExternalIssuers = z.array(ExternalIssuer).max(8);

/** Reads `EXTERNAL_ISSUERS`; throws with a line for the operator when it is not valid. */
export function readExternalIssuers(json: string | undefined): ExternalIssuer[] {
  if (json === undefined || json.trim() === "") return [];
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new ConfigurationError("EXTERNAL_ISSUERS is not JSON");
  }
  const parsed = ExternalIssuers.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ConfigurationError(`EXTERNAL_ISSUERS: ${issue?.path.join(".")}: ${issue?.message}`);
}

/** What a token of another issuer proves. */
export interface ExternalToken {
  issuer: string;
  account: string;
  /** Named after its issuer, so that it can never be one of our own clients. */
  clientId: string;
  clientName: string;
  scopes: Scope[];
  /** The token's `jti`, where it has one; order scopes ask for it. */
  tokenId: string | null;
}

const SKEW_SECONDS = 60;

export type ExternalVerifier = (token: string) => Promise<ExternalToken | null>;

/** Verifies tokens of the configured issuers; null for everything else. */
export function externalVerifier(issuers: readonly ExternalIssuer[]): ExternalVerifier {
  const known = new Map(
    issuers.map((issuer) => {
      const { jwks_uri } = issuer;
      const keys = issuerKeys(
        jwks_uri === undefined
          ? async () => (await discover(issuer.issuer)).jwks_uri
          : async () => jwks_uri,
      );
      return [issuer.issuer, { issuer, keys }] as const;
    }),
  );
  return async (token) => {
    const entry = known.get(claimedIssuer(token) ?? "");
    if (entry === undefined) return null;
    const { issuer, keys } = entry;
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer: issuer.issuer,
        audience: issuer.audience,
        algorithms: issuer.algorithms,
        typ: issuer.typ,
        clockTolerance: SKEW_SECONDS,
        maxTokenAge: issuer.max_age_seconds,
        requiredClaims: ["sub", "exp", "iat"],
      });
      const account = Object.hasOwn(issuer.subjects, payload.sub ?? "")
        ? issuer.subjects[payload.sub ?? ""]
        : undefined;
      if (account === undefined) return null;
      const client = text(payload.client_id) ?? text(payload.azp) ?? "unnamed";
      const { jti } = payload;
      return {
        issuer: issuer.issuer,
        account,
        clientId: `ext:${issuer.issuer}#${client}`,
        clientName: client,
        scopes: scopesOf(payload.scope ?? payload.scp),
        tokenId: jti === undefined || jti === "" ? null : jti,
      };
    } catch (error) {
      if (error instanceof errors.JOSEError) return null;
      throw error;
    }
  };
}

function claimedIssuer(token: string): string | null {
  if (token.split(".").length !== 3) return null;
  try {
    return decodeJwt(token).iss ?? null;
  } catch {
    return null;
  }
}

/** `scope` is a string of words; `scp` is that or an array. */
function scopesOf(claim: unknown): Scope[] {
  const words = Array.isArray(claim) ? claim : typeof claim === "string" ? claim.split(" ") : [];
  return [...new Set(words.filter((word) => typeof word === "string").filter(isScope))];
}

function text(claim: unknown): string | null {
  return typeof claim === "string" && claim !== "" && claim.length <= 200 ? claim : null;
}
