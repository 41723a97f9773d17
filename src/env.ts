import type { AccountRpc } from "../durable-objects/account/rpc.ts";

/**
 * Bindings come from wrangler.toml (generated types); secrets and optional settings are declared
 * here, because a deployment may lack them and the code has to say so.
 */
export interface Env extends Cloudflare.Env {
  /** What the owner signs in with until a passkey is enrolled. */
  readonly OWNER_TOKEN?: string;
  /** Ed25519 private JWK, as JSON text: how sidecars know this gateway. */
  readonly EDGE_IDENTITY_KEY?: string;
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
}

const LOOPBACK_HOSTS = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Reads and checks the settings. The public origin is configuration, never derived from a request
 * header: a forged Host must not be able to move the issuer or the resource.
 */
export function readSettings(env: { readonly PUBLIC_ORIGIN?: string }): Settings {
  const configured = env.PUBLIC_ORIGIN ?? "";
  if (!URL.canParse(configured)) {
    throw new ConfigurationError(
      "PUBLIC_ORIGIN is not set to an address, for example https://gateway.example.com",
    );
  }
  const url = new URL(configured);
  const loopback = LOOPBACK_HOSTS.has(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && loopback)) {
    throw new ConfigurationError("PUBLIC_ORIGIN must use https (http only on localhost)");
  }
  if (configured !== url.origin) {
    throw new ConfigurationError(
      `PUBLIC_ORIGIN must be an origin alone, in lower case and without a slash at the end: ${url.origin}`,
    );
  }
  return {
    publicOrigin: url.origin,
    resource: `${url.origin}/mcp`,
    loopback: loopback && url.protocol === "http:",
  };
}

/** The object of one gateway account. The caller has proved that it may speak for this account. */
export function accountObject(env: Env, accountId: string): AccountRpc {
  return env.ACCOUNT.getByName(accountId) as unknown as AccountRpc;
}
