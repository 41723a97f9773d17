import type { Settings } from "../../env.ts";
import { jsonRpcError } from "./open-message.ts";

const LOOPBACK_HOSTNAMES = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Whether a request may speak to the endpoint at all: by POST, and not by a web page of some other
 * origin (DNS rebinding, and any page a signed-in owner happens to visit). Programs that send no
 * Origin pass; their token decides.
 */
export function admitRequest(
  request: Request,
  settings: Pick<Settings, "origins" | "loopback">,
): Response | null {
  const origin = request.headers.get("origin");
  if (origin !== null && !isAllowedOrigin(origin, settings)) {
    return jsonRpcError(403, -32000, "This origin may not use the endpoint");
  }
  if (request.method === "POST") return null;
  const response = jsonRpcError(405, -32000, "Method not allowed");
  response.headers.set("allow", "POST");
  return response;
}

/** On this machine any local page may call, as local development tools do. */
function isAllowedOrigin(
  origin: string,
  { origins, loopback }: Pick<Settings, "origins" | "loopback">,
): boolean {
  if (origins.has(origin)) return true;
  if (!loopback || !URL.canParse(origin)) return false;
  const url = new URL(origin);
  return url.origin === origin && LOOPBACK_HOSTNAMES.has(url.hostname);
}

/** The host names the endpoint answers under, without ports. */
export function ownHostnames(settings: Pick<Settings, "publicOrigin" | "otherHosts">): string[] {
  const others = [...settings.otherHosts].map((host) => new URL(`http://${host}`).hostname);
  return [...new Set([new URL(settings.publicOrigin).hostname, ...others])];
}
