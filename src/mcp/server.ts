import { ProtocolError, ProtocolErrorCode, Server } from "@modelcontextprotocol/server";
import { scopesNow } from "./ask-account.ts";
import { callTool } from "./call-tool.ts";
import { listTools } from "./catalogue.ts";
import type { Exchange } from "./exchange.ts";
import { getPrompt, listPrompts } from "./prompts.ts";
import { readMessage } from "./read-message.ts";
import { listResources, listResourceTemplates, readResource } from "./resources.ts";
import { INSTRUCTIONS, SERVER_INFO } from "./server-info.ts";

/** How long a client may keep what never changes while this version runs. */
const LIST_TTL_MS = 5 * 60 * 1000;
/** Lists depend on the grant: a shared cache would show one owner's to another. */
const LIST_CACHE = { ttlMs: LIST_TTL_MS, cacheScope: "private" } as const;
/** The owner widens and narrows a grant while it lives; what that shows is soon seen. */
const GRANT_CACHE = { ttlMs: 20_000, cacheScope: "private" } as const;

const OPTIONS: ConstructorParameters<typeof Server>[1] = {
  capabilities: { tools: {}, resources: {}, prompts: {} },
  instructions: INSTRUCTIONS,
  cacheHints: {
    "server/discover": LIST_CACHE,
    "tools/list": GRANT_CACHE,
    "prompts/list": LIST_CACHE,
    "resources/list": GRANT_CACHE,
    "resources/templates/list": GRANT_CACHE,
  },
  // Elicitation answers would be checked with it; this server never elicits.
  jsonSchemaValidator: { getValidator: () => neverAsked },
  // This server mints no continuation state, so whatever claims to be one is not ours.
  requestState: { verify: () => Promise.reject(new Error("no request state is ever minted")) },
  inputRequired: { legacyShim: false },
};

/**
 * A protocol server for exactly one message. The SDK wants a fresh one for each, and would pay for
 * everything that is registered on it; so the one handler that this message needs is all that is
 * set, over tables that were made once.
 */
export function serverFor(exchange: Exchange): Server {
  const server = new Server(SERVER_INFO, OPTIONS);
  const { method, params } = readMessage(exchange.message);
  switch (method) {
    case "tools/call":
      server.setRequestHandler(method, (request, { mcpReq }) => {
        exchange.accepted?.();
        const gone = exchange.signal;
        exchange.signal =
          gone === undefined ? mcpReq.signal : AbortSignal.any([gone, mcpReq.signal]);
        const progressToken = mcpReq._meta?.progressToken;
        if (progressToken !== undefined) {
          exchange.progress = (progress, total) =>
            mcpReq.notify({
              method: "notifications/progress",
              params: { progressToken, progress, total, message: "Waiting for a change" },
            });
        }
        return callTool(exchange, request.params.name, params.arguments ?? {});
      });
      break;
    case "tools/list":
      server.setRequestHandler(method, async (request) => {
        refuseCursor(request.params?.cursor);
        return { tools: listTools(await scopesNow(exchange)) };
      });
      break;
    case "resources/list":
      server.setRequestHandler(method, async (request) => {
        refuseCursor(request.params?.cursor);
        return { resources: listResources(await scopesNow(exchange)) };
      });
      break;
    case "resources/templates/list":
      server.setRequestHandler(method, async (request) => {
        refuseCursor(request.params?.cursor);
        return { resourceTemplates: listResourceTemplates(await scopesNow(exchange)) };
      });
      break;
    case "resources/read":
      server.setRequestHandler(method, (request) => readResource(exchange, request.params.uri));
      break;
    case "prompts/list":
      server.setRequestHandler(method, (request) => {
        refuseCursor(request.params?.cursor);
        return { prompts: listPrompts() };
      });
      break;
    case "prompts/get":
      server.setRequestHandler(method, async (request) =>
        getPrompt(request.params.name, request.params.arguments, await scopesNow(exchange)),
      );
      break;
  }
  return server;
}

/** These lists have one page, so no cursor was ever handed out for them. */
function refuseCursor(cursor: string | undefined): void {
  if (cursor !== undefined) {
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, "Invalid cursor");
  }
}

function neverAsked(): never {
  throw new Error("nothing is validated here");
}
