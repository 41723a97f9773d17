import { isAccountId } from "@ibkr-edge-gateway/protocol/account-id.ts";
import { jwtVerify } from "jose";
import * as z from "zod";
import { ConfigurationError } from "../web/env.ts";
import { type Discovery, discover } from "../web/issuer-discovery.ts";
import { issuerKeys, SIGNATURE_ALGORITHMS } from "../web/issuer-keys.ts";
import type { OidcClient, OidcSettings } from "../web/oidc.ts";
import { fetchRemoteJson } from "../web/remote-json.ts";

const Subjects = z.record(
  z.string().min(1),
  z.union([z.literal("operator"), z.literal("new"), z.string().refine(isAccountId)]),
);

interface OidcEnv {
  readonly OIDC_ISSUER?: string;
  readonly OIDC_CLIENT_ID?: string;
  readonly OIDC_CLIENT_SECRET?: string;
  readonly OIDC_SUBJECTS?: string;
}

/** Null where it is not configured; throws with a line for the operator where it is, wrongly. */
export function readOidcSettings(env: OidcEnv): OidcSettings | null {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId } = env;
  if (issuer === undefined || issuer === "") return null;
  if (!URL.canParse(issuer) || new URL(issuer).protocol !== "https:") {
    throw new ConfigurationError("OIDC_ISSUER must be an https address");
  }
  if (clientId === undefined || clientId === "")
    throw new ConfigurationError("OIDC_CLIENT_ID is missing");
  let value: unknown;
  try {
    value = JSON.parse(env.OIDC_SUBJECTS ?? "");
  } catch {
    throw new ConfigurationError("OIDC_SUBJECTS is not JSON");
  }
  const subjects = Subjects.safeParse(value);
  if (!subjects.success) {
    throw new ConfigurationError(
      'OIDC_SUBJECTS must map subjects to "operator", "new" or an account id',
    );
  }
  const secret = env.OIDC_CLIENT_SECRET;
  return {
    issuer,
    clientId,
    clientSecret: secret === undefined || secret === "" ? null : secret,
    subjects: subjects.data,
  };
}

const IdTokenAnswer = z.object({ id_token: z.string().max(16_384) });
const SKEW_SECONDS = 60;
const ID_TOKEN_AGE_SECONDS = 600;

export function oidcClient(settings: OidcSettings): OidcClient {
  const { issuer, clientId, clientSecret } = settings;
  let found: Promise<Discovery> | undefined;
  const discovery = () => {
    found ??= discover(issuer).catch((error: unknown) => {
      found = undefined;
      throw error;
    });
    return found;
  };
  const keys = issuerKeys(async () => (await discovery()).jwks_uri);

  return {
    async authorizationUrl({ state, nonce, verifier }, redirectUri) {
      const url = new URL((await discovery()).authorization_endpoint);
      for (const [name, value] of Object.entries({
        response_type: "code",
        client_id: clientId,
        redirect_uri: redirectUri,
        scope: "openid",
        state,
        nonce,
        code_challenge: await s256(verifier),
        code_challenge_method: "S256",
      })) {
        url.searchParams.set(name, value);
      }
      return url.href;
    },

    async redeem({ code, iss }, { nonce, verifier }, redirectUri) {
      if (iss !== null && iss !== issuer) throw new Error("the answer names another issuer");
      const { token_endpoint } = await discovery();
      const answer = IdTokenAnswer.parse(
        await fetchRemoteJson(token_endpoint, {
          method: "POST",
          ...(clientSecret === null
            ? {}
            : { headers: { Authorization: basic(clientId, clientSecret) } }),
          body: new URLSearchParams({
            grant_type: "authorization_code",
            code,
            redirect_uri: redirectUri,
            client_id: clientId,
            code_verifier: verifier,
          }),
        }),
      );
      const { payload } = await jwtVerify(answer.id_token, keys, {
        issuer,
        audience: clientId,
        algorithms: [...SIGNATURE_ALGORITHMS],
        clockTolerance: SKEW_SECONDS,
        maxTokenAge: ID_TOKEN_AGE_SECONDS,
        requiredClaims: ["sub", "exp", "iat", "nonce"],
      });
      if (payload.nonce !== nonce) throw new Error("the token is for another sign-in");
      const { aud, azp, sub } = payload;
      if (Array.isArray(aud) && aud.length > 1 && azp !== clientId) {
        throw new Error("the token is for another party");
      }
      if (sub === undefined || sub === "") throw new Error("the token names nobody");
      return sub;
    },
  };
}

function basic(id: string, secret: string): string {
  return `Basic ${btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`)}`;
}

async function s256(verifier: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return btoa(String.fromCharCode(...new Uint8Array(hash)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
