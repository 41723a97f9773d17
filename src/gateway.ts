import { getOAuthApi, OAuthProvider } from "@cloudflare/workers-oauth-provider";
import { clean } from "./cleaning.ts";
import { boundedKv } from "./oauth/bounded-kv.ts";
import { answerByPath, type OAuthParts } from "./oauth/endpoints.ts";
import {
  type ExternalIssuer,
  externalVerifier,
  readExternalIssuers,
} from "./oauth/external-issuers.ts";
import { type McpHandler, oauthOptions } from "./oauth/provider.ts";
import { announcingDeletions, verifiedTokens } from "./oauth/verified-tokens.ts";
import { oidcClient, readOidcSettings } from "./owner/oidc.ts";
import { pages } from "./pages.tsx";
import { ConfigurationError, type Env, readSettings, type Settings } from "./web/env.ts";
import { guardedFetch } from "./web/guarded-fetch.ts";
import { admitHost } from "./web/host-and-origin.ts";
import { log } from "./web/log.ts";
import type { OidcSettings } from "./web/oidc.ts";
import { requestId } from "./web/request-id.ts";
import { logRequest } from "./web/request-log.ts";

export interface GatewayHandler {
  fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response>;
  /** The hourly cleaning; see wrangler.toml's triggers. */
  scheduled(event: ScheduledController, env: Env): Promise<void>;
}

/**
 * The whole Worker: OAuth outermost, pages and the relay's entrance inside it, the MCP handler
 * behind a bearer token. Built once; a deployment that cannot serve says why on every request.
 */
export function createGateway(env: Env, mcp: McpHandler): GatewayHandler {
  let configuration: Configuration;
  try {
    configuration = readConfiguration(env);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return unconfigured(error.message);
  }
  const { settings } = configuration;
  // The OAuth library fetches by the global name, so that is where the guard stands.
  globalThis.fetch = guardedFetch(globalThis.fetch.bind(globalThis), {
    ownOrigin: settings.publicOrigin,
    now: Date.now,
  });
  const { parts, guardedEnv } = assemble(configuration, mcp);

  return {
    async fetch(request, bindings, ctx) {
      const startedMs = Date.now();
      const url = new URL(request.url);
      // Taken now: on the way a path may be read as another one's.
      const path = url.pathname;
      let response: Response;
      try {
        response =
          admitHost(request, url, settings) ??
          (await answerByPath(parts, request, url, guardedEnv(bindings), ctx));
      } catch (error) {
        response = failed(request, error);
      }
      logRequest(request, response, path, startedMs, Date.now());
      return response;
    },
    scheduled({ scheduledTime }, bindings) {
      const inner = guardedEnv(bindings);
      return clean(inner, parts.helpers(inner), new Date(scheduledTime));
    },
  };
}

interface Configuration {
  settings: Settings;
  oidcSettings: OidcSettings | null;
  issuers: ExternalIssuer[];
}

/** Throws a {@link ConfigurationError} that names the first setting that is wrong. */
function readConfiguration(env: Env): Configuration {
  return {
    settings: readSettings(env),
    oidcSettings: readOidcSettings(env),
    issuers: readExternalIssuers(env.EXTERNAL_ISSUERS),
  };
}

/** A gateway that only says what is wrong with its settings. */
function unconfigured(line: string): GatewayHandler {
  log("error", "configuration", { message: line });
  return {
    fetch: async () => new Response(`${line}\n`, { status: 503 }),
    scheduled: async () => log("error", "configuration", { message: line }),
  };
}

function assemble(
  { settings, oidcSettings, issuers }: Configuration,
  mcp: McpHandler,
): { parts: OAuthParts; guardedEnv(bindings: Env): Env } {
  const oidc =
    oidcSettings === null ? null : { settings: oidcSettings, client: oidcClient(oidcSettings) };
  const inside = pages(settings, oidc);
  const verified = verifiedTokens(Date.now);
  const options = oauthOptions(settings, {
    mcp,
    pages: { fetch: (request, bindings, ctx) => inside.fetch(request, bindings, ctx) },
    external: issuers.length === 0 ? null : externalVerifier(issuers),
    verified,
  });
  const guarded = new WeakMap<Env, Env>();
  return {
    parts: {
      settings,
      provider: new OAuthProvider<Env>(options),
      helpers: (bindings) => getOAuthApi(options, bindings),
      mcp,
      verified,
    },
    /** The bindings, with a token store that no stranger's key can make fail. */
    guardedEnv(bindings) {
      const known = guarded.get(bindings);
      if (known !== undefined) return known;
      const kv = announcingDeletions(bindings.OAUTH_KV, verified.forget);
      const made = { ...bindings, OAUTH_KV: boundedKv(kv) };
      guarded.set(bindings, made);
      return made;
    },
  };
}

/** The answer to a request in which something threw; what it was stands in the log alone. */
function failed(request: Request, error: unknown): Response {
  log("error", "request.failed", {
    request_id: requestId(request),
    error: error instanceof Error ? error.name : typeof error,
    detail: error instanceof Error ? error.message.slice(0, 300) : "",
  });
  return Response.json(
    { error: "server_error" },
    { status: 500, headers: { "Cache-Control": "no-store" } },
  );
}
