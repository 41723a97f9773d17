import { log } from "./log.ts";
import { requestId } from "./request-id.ts";

/** Paths that are named in logs; whatever else a stranger asks for is `other`. */
const ROUTES = new Set([
  "/",
  "/mcp",
  "/token",
  "/register",
  "/authorize",
  "/sign-in",
  "/sign-out",
  "/pair",
  "/pair/confirm",
  "/sidecars",
  "/sidecars/revoke",
  "/clients",
  "/clients/revoke",
  "/audit",
  "/healthz",
  "/readyz",
  "/.well-known/oauth-authorization-server",
  "/.well-known/oauth-protected-resource",
  "/.well-known/oauth-protected-resource/mcp",
]);

/** A path as it may be logged: known ones as they are, none with what a caller put into it. */
export function routeLabel(path: string): string {
  if (ROUTES.has(path)) return path;
  if (path.startsWith("/relay/")) return "/relay/*";
  if (path.startsWith("/assets/")) return "/assets/*";
  return "other";
}

const TRACEPARENT = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** One line for each request. Never a query string, a header's value, an address or a body. */
export function logRequest(
  request: Request,
  response: Response,
  startedMs: number,
  nowMs: number,
): void {
  const trace = TRACEPARENT.exec(request.headers.get("traceparent") ?? "")?.[1];
  const reason = /\berror="([a-z_]+)"/.exec(response.headers.get("WWW-Authenticate") ?? "")?.[1];
  log(response.status >= 500 ? "error" : "info", "http.request", {
    request_id: requestId(request),
    ...(trace === undefined ? {} : { trace_id: trace }),
    method: METHODS.has(request.method) ? request.method : "other",
    route: routeLabel(new URL(request.url).pathname),
    status: response.status,
    ms: nowMs - startedMs,
    ...(reason === undefined ? {} : { reason }),
  });
}

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
