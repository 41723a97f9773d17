import { ProtocolError, ProtocolErrorCode, Server } from "@modelcontextprotocol/server";
import { callTool } from "./call-tool.ts";
import { listTools } from "./catalogue.ts";
import type { Exchange } from "./exchange.ts";
import { INSTRUCTIONS, SERVER_INFO } from "./identity.ts";
import { readMessage } from "./messages.ts";

/** How long a client may keep what does not change while a grant lives. */
const LIST_TTL_MS = 5 * 60 * 1000;

const OPTIONS: ConstructorParameters<typeof Server>[1] = {
  capabilities: { tools: {} },
  instructions: INSTRUCTIONS,
  // Lists depend on the grant: a shared cache would show one owner's tools to another.
  cacheHints: {
    "server/discover": { ttlMs: LIST_TTL_MS, cacheScope: "private" },
    "tools/list": { ttlMs: LIST_TTL_MS, cacheScope: "private" },
  },
  // Elicitation answers would be checked with it; this server never elicits.
  jsonSchemaValidator: { getValidator: () => neverAsked },
  // This server mints no continuation state, so whatever claims to be one is not ours.
  requestState: { verify: () => Promise.reject(new Error("no request state is ever minted")) },
  inputRequired: { legacyShim: false },
};

/**
 * A protocol server for exactly one message. The SDK wants a fresh one for each, and would pay for
 * every tool that is registered on it; so the one handler that this message needs is all that is
 * set, over tables that were made once.
 */
export function serverFor(exchange: Exchange): Server {
  const server = new Server(SERVER_INFO, OPTIONS);
  switch (readMessage(exchange.message).method) {
    case "tools/call": {
      const { params } = readMessage(exchange.message);
      server.setRequestHandler("tools/call", (request) =>
        callTool(exchange, request.params.name, params.arguments ?? {}),
      );
      break;
    }
    case "tools/list":
      server.setRequestHandler("tools/list", (request) => {
        refuseCursor(request.params?.cursor);
        return { tools: listTools(exchange.granted) };
      });
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
