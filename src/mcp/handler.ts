import { insufficientScope, type OAuthResourceContext } from "@cloudflare/workers-oauth-provider";
import { accessLink, notAllowed } from "@ibkr-edge-gateway/protocol/access-link.ts";
import { type McpServer, ProtocolError, type Server } from "@modelcontextprotocol/server";
import { createMcpHandler, type StatelessMcpHandler } from "agents/mcp/server";
import type { GrantProps } from "../oauth/grant-props.ts";
import type { McpHandler } from "../oauth/provider.ts";
import { tokenParts } from "../oauth/token-guard.ts";
import { accountObject, type Env, readSettings } from "../web/env.ts";
import { log } from "../web/log.ts";
import { requestId } from "../web/request-id.ts";
import { noteRefusal, scopesNow, takeBack } from "./ask-account.ts";
import { type CursorCodec, cursorsOf } from "./cursor.ts";
import { type DirectCalls, directCalls } from "./direct-calls.ts";
import type { Exchange } from "./exchange.ts";
import { missingScope } from "./needed-scopes.ts";
import { auditableName, headersAgree, type Reading, readMessage } from "./read-message.ts";
import { serverFor } from "./server.ts";
import { jsonRpcError, openMessage } from "./wire/open-message.ts";

/** Makes the protocol server that answers one message. */
type BuildServer = (exchange: Exchange) => Server | McpServer;

/**
 * The MCP endpoint, behind the bearer check: both protocol eras at one address, without sessions
 * and without state. A message is opened strictly and its scope is decided before the SDK sees it.
 */
export function mcpEndpoint(
  buildServer: BuildServer,
  options: { subscriptions?: boolean } = {},
): McpHandler {
  /** What each request brought along; the SDK gives the request back to the server factory. */
  const exchanges = new WeakMap<Request, Exchange>();
  let parts: Parts | undefined;

  function bySdk(request: Request, exchange: Exchange, modern: boolean, ways: Parts) {
    if (modern) exchange.accepted = () => ways.direct.accepted(exchange.message);
    const asked = takingBoth(request);
    exchanges.set(asked, exchange);
    const lane = modern ? ways.modernEra : ways.bothEras;
    return lane.fetch(asked, { parsedBody: exchange.message });
  }

  return {
    async fetch(request, env, ctx) {
      parts ??= assemble(env, buildServer, exchanges);
      if (request.method !== "POST") return methodNotAllowed();
      const opened = await openMessage(request);
      if (!opened.ok) return opened.response;

      const exchange = exchangeOf(opened, request, env, ctx, parts.cursors);
      if (exchange === null) return jsonRpcError(401, -32600, "The token names no account");
      const reading = readMessage(opened.message);
      if (!reading.isRequest && reading.method === CANCELLED) await takeBack(exchange);
      const agreed = reading.isRequest && headersAgree(request.headers, reading);
      if (agreed) {
        const refused = await refusedScope(exchange, reading, ctx);
        if (refused !== null) return refused;
        if (reading.modernVersion !== null && reading.method === LISTEN && !options.subscriptions) {
          return jsonRpcError(404, -32601, "Method not found", idOf(opened.message));
        }
      }
      const modern = reading.modernVersion !== null;
      const response =
        (modern && agreed && (await parts.direct.answer(exchange))) ||
        (await bySdk(request, exchange, modern, parts));
      if (!response.headers.has("cache-control")) {
        response.headers.set("cache-control", "no-store");
      }
      // A refused tool call is a 200 whose result says no; whoever reads headers alone can wait too.
      // Where the answer is a stream, its headers were made before this was known.
      if (exchange.retryAfterSeconds !== undefined) {
        response.headers.set("retry-after", String(exchange.retryAfterSeconds));
      }
      return response;
    },
  };
}

/**
 * Nothing here announces changes, so there is nothing to subscribe to; and an open stream would
 * outlive the standing of the client that opened it.
 */
const LISTEN = "subscriptions/listen";
const CANCELLED = "notifications/cancelled";

/** The product's endpoint. */
export const mcpHandler: McpHandler = mcpEndpoint(serverFor);

interface Parts {
  cursors: CursorCodec;
  direct: DirectCalls;
  bothEras: StatelessMcpHandler;
  /**
   * For messages that name a modern version themselves. It answers them exactly as `bothEras`
   * does, without first asking whether they might be old ones.
   */
  modernEra: StatelessMcpHandler;
}

function assemble(
  env: Env,
  buildServer: BuildServer,
  exchanges: WeakMap<Request, Exchange>,
): Parts {
  const { publicOrigin, otherHosts } = readSettings(env);
  const hostnames = [publicOrigin, ...[...otherHosts].map((host) => `http://${host}`)].map(
    (address) => new URL(address).hostname,
  );
  const lane = (legacy: "stateless" | "reject") =>
    createMcpHandler(
      ({ requestInfo }) => {
        const exchange = requestInfo === undefined ? undefined : exchanges.get(requestInfo);
        if (exchange === undefined) throw new Error("a message came to the SDK by another way");
        return buildServer(exchange);
      },
      {
        legacy,
        // Preflights and CORS headers are the OAuth layer's, on this route as on all others.
        corsOptions: false,
        // The gateway has checked Host and Origin before anybody asked for a token.
        allowedHostnames: hostnames,
        allowedOriginHostnames: "*",
        onerror: (error) => log("warn", "mcp.protocol", { detail: withoutOutsideText(error) }),
      },
    );
  const cursors = cursorsOf(env);
  return {
    cursors,
    direct: directCalls(),
    bothEras: lane("stateless"),
    modernEra: lane("reject"),
  };
}

/** The SDK names what it refused before the first colon, and quotes the caller after it. */
function withoutOutsideText(error: Error): string {
  const [said = ""] = error.message.split(":", 1);
  return /^[A-Za-z0-9 ()_/.-]{1,120}$/.test(said) ? said : error.name;
}

/** Null when the token does not say whose it is; that never happens with tokens we issued. */
function exchangeOf(
  { message, rewritten }: Pick<Exchange, "message" | "rewritten">,
  request: Request,
  env: Env,
  ctx: OAuthResourceContext<GrantProps>,
  cursors: CursorCodec,
): Exchange | null {
  const { userId, clientId, scope } = ctx.auth;
  if (userId === undefined || clientId === undefined || ctx.props?.accountId !== userId)
    return null;
  const { external, within } = ctx.props;
  const principal = {
    accountId: userId,
    clientId,
    grantId: tokenParts(ctx.auth.token)?.grantId ?? null,
    scopes: [...scope].sort(),
    ...(external === undefined ? {} : { external }),
    ...(within === undefined ? {} : { within }),
  };
  return {
    message,
    rewritten,
    principal,
    granted: new Set(within ?? scope),
    accessLink: accessLink(env.PUBLIC_ORIGIN, principal),
    agent: () => accountObject(env, userId).agent(principal),
    cursors,
    requestId: requestId(request),
    traceparent: traceparentOf(request),
    signal: request.signal,
    finish: (work) => ctx.waitUntil(work),
  };
}

const BOTH_FORMS = "application/json, text/event-stream";

/**
 * The SDK insists on both of its forms by name. Who takes anything, or says nothing, takes both
 * (RFC 9110 §12.5.1); the body was read already.
 */
function takingBoth(request: Request): Request {
  const accept = request.headers.get("Accept")?.trim() ?? "";
  const anything = accept === "" || accept.split(",").some((form) => /^\s*\*\/\*/.test(form));
  if (!anything) return request;
  const headers = new Headers(request.headers);
  headers.set("Accept", BOTH_FORMS);
  return new Request(request.url, { method: request.method, headers, signal: request.signal });
}

function idOf({ id }: Exchange["message"]): string | number | null {
  return typeof id === "string" || typeof id === "number" ? id : null;
}

/** Streams and sessions, which GET and DELETE are for, do not exist here. */
function methodNotAllowed(): Response {
  const response = jsonRpcError(405, -32000, "Method not allowed");
  response.headers.set("allow", "POST");
  return response;
}

/**
 * The scopes in a token are those of the day it was issued. Where they are too few, the account's
 * object says what the owner gives the client by now; where that is too little as well, the client
 * is challenged. Null when the message goes on: allowed, or to be answered with a refusal that can
 * be read, because the client was challenged for the same a moment ago and did not step up.
 */
async function refusedScope(
  exchange: Exchange,
  reading: Reading,
  ctx: OAuthResourceContext<GrantProps>,
): Promise<Response | null> {
  if (missingScope(reading, exchange.granted) === null) return null;
  try {
    exchange.granted = await scopesNow(exchange);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return jsonRpcError(503, error.code, error.message, idOf(exchange.message));
  }
  exchange.principal = { ...exchange.principal, scopes: [...exchange.granted].sort() };
  const missing = missingScope(reading, exchange.granted);
  if (missing === null) return null;
  const failure = notAllowed(missing, exchange.accessLink, exchange.principal);
  const { again } = await noteRefusal(exchange, {
    tool: reading.method === "tools/call" ? auditableName(reading.target ?? "") : "resources/read",
    decision: "deny",
    failure,
    input: reading.params.arguments ?? { uri: reading.target },
    missing,
  });
  if (again) {
    exchange.refused = failure;
    return null;
  }
  // A client that asks for exactly what is named gets a new grant in place of the old one, so what
  // it holds is named together with what it lacks.
  const complete = [...new Set([...exchange.granted, missing])].sort();
  return insufficientScope(ctx.auth, complete, `${failure.message} ${failure.user_action}`);
}

const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

function traceparentOf(request: Request): string | null {
  const header = request.headers.get("traceparent");
  return header !== null && TRACEPARENT.test(header) ? header : null;
}
