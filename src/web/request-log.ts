import { log } from "./log.ts";
import { requestId } from "./request-id.ts";
import { routeLabel } from "./routes.ts";

const TRACEPARENT = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** One line for each request, with the route its path is of. Never a query string, a header's value, an address or a body. */
export function logRequest(
  request: Request,
  response: Response,
  path: string,
  startedMs: number,
  nowMs: number,
): void {
  const trace = TRACEPARENT.exec(request.headers.get("traceparent") ?? "")?.[1];
  const reason = /\berror="([a-z_]+)"/.exec(response.headers.get("WWW-Authenticate") ?? "")?.[1];
  log(response.status >= 500 ? "error" : "info", "http.request", {
    request_id: requestId(request),
    ...(trace === undefined ? {} : { trace_id: trace }),
    method: METHODS.has(request.method) ? request.method : "other",
    route: routeLabel(path),
    status: response.status,
    ms: nowMs - startedMs,
    ...(reason === undefined ? {} : { reason }),
  });
}

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
