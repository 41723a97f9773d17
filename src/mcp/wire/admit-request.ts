import type { Settings } from "../../env.ts";
import { jsonRpcError } from "./open-message.ts";

/** The names under which a gateway on this machine may be called. */
export const LOOPBACK_HOSTNAMES = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Whether a request may speak to the endpoint at all: by POST, and not by a web page of
 * some other origin (DNS rebinding, and any page a signed-in owner happens to visit). Programs that
 * send no Origin pass; their token decides.
 */
export function admitRequest(
  request: Request,
  settings: Pick<Settings, "publicOrigin" | "loopback">,
): Response | null {
  const origin = request.headers.get("origin");
  if (origin !== null && !isOwnOrigin(origin, settings)) {
    return jsonRpcError(403, -32000, "This origin may not use the endpoint");
  }
  if (request.method === "POST") return null;
  const response = jsonRpcError(405, -32000, "Method not allowed");
  response.headers.set("allow", "POST");
  return response;
}

function isOwnOrigin(
  origin: string,
  { publicOrigin, loopback }: Pick<Settings, "publicOrigin" | "loopback">,
): boolean {
  if (origin === publicOrigin) return true;
  if (!loopback || !URL.canParse(origin)) return false;
  const url = new URL(origin);
  return url.origin === origin && LOOPBACK_HOSTNAMES.includes(url.hostname);
}
