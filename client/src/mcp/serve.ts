import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import {
  type Client,
  ProtocolError as ClientProtocolError,
  InsufficientScopeError,
} from "@modelcontextprotocol/client";
import {
  type CallToolResult,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { VERSION } from "../config/version.ts";
import { callError } from "../sdk/call-error.ts";
import type { IbkrError } from "../sdk/errors.ts";
import { listingOf, type ToolEntry, writes } from "../tool-list/tool-entry.ts";
import { INSTRUCTIONS, TOOLS } from "../tool-list/tools.generated.ts";
import { failureResult } from "./failure-answer.ts";
import type { ListCache } from "./list-cache.ts";
import type { Upstream } from "./upstream.ts";

/** Longer than any tool waits; progress makes it begin anew. */
const CALL_MAX_MS = 120_000;
const BY_NAME: ReadonlyMap<string, ToolEntry> = new Map(TOOLS.map((tool) => [tool.name, tool]));

/** What is offered while the gateway is away and never listed anything: both can be called with any grant. */
const WITHOUT_GATEWAY = ["ibkr_health", "ibkr_access_request"];

export interface Forwarding {
  upstream: Upstream;
  cache: ListCache;
  /** Put beside each call for the gateway's audit log, where there is something to say. */
  meta(): JsonObject;
}

/** Whether the host was shown what is offered without the gateway. */
interface Sight {
  away(): void;
  /** The gateway answered: a host that was shown less is told to look again. */
  back(): void;
}

/**
 * A protocol server for one connection over stdio, of either era: each request goes to the gateway
 * and its answer comes back as it is. It reaches for the gateway at the first request and not before,
 * because a host may start it only to look what it is.
 */
export function forwardingServer(forwarding: Forwarding): Server {
  const { upstream } = forwarding;
  const server = new Server(
    { name: "ibkr-edge-gateway", title: "IBKR Edge Gateway (unofficial)", version: VERSION },
    {
      capabilities: { tools: { listChanged: true }, resources: {}, prompts: {} },
      instructions: INSTRUCTIONS,
      inputRequired: { legacyShim: false },
    },
  );
  let shownAway = false;
  const sight: Sight = {
    away: () => {
      shownAway = true;
    },
    back: () => {
      if (!shownAway) return;
      shownAway = false;
      void server.sendToolListChanged().catch(() => {});
    },
  };
  const lists = listsOf(forwarding, sight);

  server.setRequestHandler("tools/list", async ({ params }, { mcpReq }) => {
    const { tools, ...rest } = await lists("tools/list", params?.cursor, mcpReq.signal);
    return { ...rest, tools: Array.isArray(tools) ? tools : [] };
  });
  server.setRequestHandler("resources/list", async ({ params }, { mcpReq }) => {
    const { resources, ...rest } = await lists("resources/list", params?.cursor, mcpReq.signal);
    return { ...rest, resources: Array.isArray(resources) ? resources : [] };
  });
  server.setRequestHandler("resources/templates/list", async ({ params }, { mcpReq }) => {
    const { resourceTemplates, ...rest } = await lists(
      "resources/templates/list",
      params?.cursor,
      mcpReq.signal,
    );
    return {
      ...rest,
      resourceTemplates: Array.isArray(resourceTemplates) ? resourceTemplates : [],
    };
  });
  server.setRequestHandler("prompts/list", async ({ params }, { mcpReq }) => {
    const { prompts, ...rest } = await lists("prompts/list", params?.cursor, mcpReq.signal);
    return { ...rest, prompts: Array.isArray(prompts) ? prompts : [] };
  });
  server.setRequestHandler("resources/read", ({ params }, { mcpReq }) =>
    asked(upstream, (client) =>
      client.request(
        { method: "resources/read", params: { uri: params.uri } },
        { signal: mcpReq.signal, timeout: CALL_MAX_MS },
      ),
    ),
  );
  server.setRequestHandler("prompts/get", ({ params }, { mcpReq }) =>
    asked(upstream, (client) =>
      client.request(
        {
          method: "prompts/get",
          params: {
            name: params.name,
            ...(params.arguments === undefined ? {} : { arguments: params.arguments }),
          },
        },
        { signal: mcpReq.signal, timeout: CALL_MAX_MS },
      ),
    ),
  );
  server.setRequestHandler("tools/call", ({ params }, context) =>
    callTool(forwarding, sight, params.name, params.arguments ?? {}, context),
  );
  return server;
}

/** A list of the gateway's; what it listed last while it is away. */
function listsOf({ upstream, cache }: Forwarding, sight: Sight) {
  return async (
    method: "tools/list" | "resources/list" | "resources/templates/list" | "prompts/list",
    cursor: string | undefined,
    signal: AbortSignal,
  ): Promise<Record<string, unknown>> => {
    try {
      const client = await upstream.client();
      const params = cursor === undefined ? {} : { cursor };
      const answer = await client.request({ method, params }, { signal, timeout: CALL_MAX_MS });
      const result: Record<string, unknown> = { ...answer };
      if (cursor === undefined) await cache.keep(method, result).catch(() => {});
      sight.back();
      return result;
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      const error = callError(thrown, false);
      if (error.code === "INPUT_INVALID") {
        throw new ProtocolError(ProtocolErrorCode.InvalidParams, error.message);
      }
      upstream.drop();
      sight.away();
      const kept = await cache.read(method);
      if (kept !== null) return kept;
      return method === "tools/list" ? { tools: withoutGateway() } : {};
    }
  };
}

function withoutGateway() {
  return TOOLS.filter(({ name }) => WITHOUT_GATEWAY.includes(name)).map(listingOf);
}

async function callTool(
  { upstream, meta }: Forwarding,
  sight: Sight,
  name: string,
  args: Record<string, unknown>,
  { mcpReq }: ServerContext,
): Promise<CallToolResult> {
  const mayWrite = writes(BY_NAME.get(name));
  const token = mcpReq._meta?.progressToken;
  try {
    const client = await upstream.client();
    sight.back();
    const result = await client.request(
      { method: "tools/call", params: { name, arguments: args, _meta: meta() } },
      {
        signal: mcpReq.signal,
        timeout: CALL_MAX_MS,
        resetTimeoutOnProgress: true,
        ...(token === undefined
          ? {}
          : {
              onprogress: (progress) =>
                void mcpReq
                  .notify({
                    method: "notifications/progress",
                    params: { ...progress, progressToken: token },
                  })
                  .catch(() => {}),
            }),
      },
    );
    return result;
  } catch (thrown) {
    if (mcpReq.signal.aborted) throw thrown;
    if (thrown instanceof ClientProtocolError) throw sameError(thrown);
    const error = callError(thrown, mayWrite);
    if (!(thrown instanceof InsufficientScopeError)) upstream.drop();
    return failureResult(error, name);
  }
}

/** One request without a form of its own for failures: what went wrong is a JSON-RPC error. */
async function asked<Result>(
  upstream: Upstream,
  body: (client: Client) => Promise<Result>,
): Promise<Result> {
  try {
    return await body(await upstream.client());
  } catch (thrown) {
    if (thrown instanceof ClientProtocolError) throw sameError(thrown);
    upstream.drop();
    throw asProtocolError(callError(thrown, false));
  }
}

function sameError({ code, message, data }: ClientProtocolError): ProtocolError {
  return new ProtocolError(code, message, data);
}

function asProtocolError({ code, message, userAction }: IbkrError): ProtocolError {
  const text = userAction === null ? message : `${message} ${userAction}`;
  return new ProtocolError(ProtocolErrorCode.InternalError, text, { code });
}
