import { ConfigurationError, type Env, readSettings, type Settings } from "./env.ts";
import { log } from "./log.ts";
import { type McpHandler, oauthProvider } from "./oauth/provider.ts";
import { pages } from "./pages.tsx";

export interface Gateway {
  fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response>;
}

/** Where RFC 9728 metadata stands for a resource without a path; some hosts probe it first. */
const ROOT_RESOURCE_METADATA = "/.well-known/oauth-protected-resource";

/**
 * The whole Worker: OAuth outermost, pages and the relay's entrance inside it, the MCP handler
 * behind a bearer token. Built once; a deployment that cannot serve says why on every request.
 */
export function createGateway(env: Env, mcp: McpHandler): Gateway {
  let settings: Settings;
  try {
    settings = readSettings(env);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const line = error.message;
    log("error", "configuration", { message: line });
    return { fetch: async () => new Response(`${line}\n`, { status: 503 }) };
  }
  const inside = pages(settings);
  const provider = oauthProvider(settings, mcp, {
    fetch: (request, bindings, ctx) => inside.fetch(request, bindings, ctx),
  });
  return {
    async fetch(request, bindings, ctx) {
      const url = new URL(request.url);
      if (url.pathname === ROOT_RESOURCE_METADATA) {
        url.pathname = `${ROOT_RESOURCE_METADATA}/mcp`;
        return provider.fetch(new Request(url, request), bindings, ctx);
      }
      return provider.fetch(request, bindings, ctx);
    },
  };
}
