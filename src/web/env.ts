import type { ObjectEnv } from "../../durable-objects/account/platform/object-env.ts";
import type { RemoteAccount } from "../../durable-objects/account/rpc/surface.ts";

/** What the objects need, and what the Worker alone does. */
export interface Env extends ObjectEnv {
  /** What the owner signs in with until a passkey is enrolled. */
  readonly OWNER_TOKEN?: string;
  /** Who may open an account of their own: `closed` (the default), `invitation` or `open`. */
  readonly SIGN_UP?: string;
  /** Owner sign-in by an OpenID provider; see src/owner/oidc.ts. */
  readonly OIDC_ISSUER?: string;
  readonly OIDC_CLIENT_ID?: string;
  readonly OIDC_CLIENT_SECRET?: string;
  readonly OIDC_SUBJECTS?: string;
  /** Access tokens of other issuers; see src/oauth/external-issuers.ts. */
  readonly EXTERNAL_ISSUERS?: string;
  /** Other host names under which requests may arrive (a second domain), separated by spaces. */
  readonly ALLOWED_HOSTS?: string;
  /** Web pages besides our own that may call `/mcp`, as origins separated by spaces. */
  readonly ALLOWED_ORIGINS?: string;
  /** Where weaknesses are reported: `mailto:…` or `https://…`, for /.well-known/security.txt. */
  readonly SECURITY_CONTACT?: string;
}

/** A deployment that cannot serve: what is wrong, in one line for the operator. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
}

export interface Settings {
  /** `https://gateway.example.com`, no slash at the end: the OAuth issuer and the WebAuthn origin. */
  readonly publicOrigin: string;
  /** The MCP endpoint, and the audience of every access token. */
  readonly resource: string;
  /** True for `http://localhost` and its kin, where cookies cannot carry the `__Host-` prefix. */
  readonly loopback: boolean;
  /** Host names, with port, that requests may carry besides the public origin's own. */
  readonly otherHosts: ReadonlySet<string>;
  /** Origins of web pages that may call `/mcp`. */
  readonly origins: ReadonlySet<string>;
  readonly signUp: SignUp;
  /** Null: nobody said, and there is no security.txt. */
  readonly securityContact: string | null;
  /** Which upload serves, as Cloudflare names it (the first part of the version's id); `local` elsewhere. */
  readonly build: string;
}

const SIGN_UP = ["closed", "invitation", "open"] as const;
export type SignUp = (typeof SIGN_UP)[number];

const LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Reads and checks the settings. The public origin is configuration, never derived from a request
 * header: a forged Host must not be able to move the issuer or the resource.
 */
export function readSettings(
  env: Pick<Env, "ALLOWED_HOSTS" | "ALLOWED_ORIGINS" | "SIGN_UP" | "SECURITY_CONTACT"> & {
    readonly PUBLIC_ORIGIN?: string;
    readonly CF_VERSION_METADATA?: { readonly id?: string };
  },
): Settings {
  const configured = env.PUBLIC_ORIGIN ?? "";
  if (!URL.canParse(configured)) {
    throw new ConfigurationError(
      "PUBLIC_ORIGIN is not set to an address, for example https://gateway.example.com",
    );
  }
  const url = new URL(configured);
  const loopback = LOOPBACK_HOSTS.includes(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && loopback)) {
    throw new ConfigurationError("PUBLIC_ORIGIN must use https (http only on localhost)");
  }
  if (configured !== url.origin) {
    throw new ConfigurationError(
      `PUBLIC_ORIGIN must be an origin alone, in lower case and without a slash at the end: ${url.origin}`,
    );
  }
  const local = loopback && url.protocol === "http:";
  const port = url.port === "" ? "" : `:${url.port}`;
  return {
    publicOrigin: url.origin,
    resource: `${url.origin}/mcp`,
    loopback: local,
    otherHosts: new Set([
      ...words(env.ALLOWED_HOSTS).map((host) => host.toLowerCase()),
      ...(local ? LOOPBACK_HOSTS.map((host) => `${host}${port}`) : []),
    ]),
    origins: new Set([url.origin, ...words(env.ALLOWED_ORIGINS).map(originAlone)]),
    signUp: signUpOf(env.SIGN_UP),
    securityContact: contactOf(env.SECURITY_CONTACT),
    build: env.CF_VERSION_METADATA?.id?.slice(0, BUILD_CHARS) || "local",
  };
}

function signUpOf(text: string | undefined): SignUp {
  const found = SIGN_UP.find((mode) => mode === (text || "closed"));
  if (found === undefined) {
    throw new ConfigurationError(`SIGN_UP must be one of ${SIGN_UP.join(", ")}`);
  }
  return found;
}

const BUILD_CHARS = 8;

function contactOf(text: string | undefined): string | null {
  if (text === undefined || text === "") return null;
  if (/^(mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)$/.test(text)) return text;
  throw new ConfigurationError("SECURITY_CONTACT must begin with mailto: or https://");
}

function words(text: string | undefined): string[] {
  return text?.split(/\s+/).filter(Boolean) ?? [];
}

function originAlone(text: string): string {
  if (!URL.canParse(text) || new URL(text).origin !== text) {
    throw new ConfigurationError(`ALLOWED_ORIGINS holds something that is no origin: ${text}`);
  }
  return text;
}

/** The object of one gateway account. The caller has proved that it may speak for this account. */
export function accountObject(env: Env, accountId: string): RemoteAccount {
  return env.ACCOUNT.getByName(accountId) as unknown as RemoteAccount;
}
