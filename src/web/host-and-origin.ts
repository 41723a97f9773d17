import type { Settings } from "./env.ts";

/**
 * Whether a request came to the right house. A wrong Host is DNS rebinding or a forgotten domain;
 * a wrong Origin is some web page acting with what its visitor's browser can reach.
 */

/** Answered under any name, so that a load balancer's probe needs no configuration. */
const ANYWHERE = new Set(["/healthz", "/readyz"]);

export function admitHost(request: Request, url: URL, settings: Settings): Response | null {
  if (url.origin === settings.publicOrigin || ANYWHERE.has(url.pathname)) return null;
  // The right house without https: people are sent round, programs have to mind the address.
  const unencrypted = url.protocol === "http:" && !settings.loopback;
  const ours = `https://${url.host}` === settings.publicOrigin;
  if (!settings.otherHosts.has(url.host) && !ours) return misdirected(settings);
  // Under its other names the house takes the sidecar's dialling and sends people to the front door.
  if (url.pathname.startsWith("/relay/") && !unencrypted) return null;
  const page = request.method === "GET" && !url.pathname.startsWith("/mcp");
  if (!page || url.pathname.startsWith("/.well-known/")) return misdirected(settings);
  return new Response(null, {
    status: 307,
    headers: {
      Location: `${settings.publicOrigin}${url.pathname}${url.search}`,
      "Cache-Control": "no-store",
    },
  });
}

/** Only pages of a known origin may call `/mcp`; programs send no Origin and are let through. */
export function admitOrigin(request: Request, settings: Settings): Response | null {
  const origin = request.headers.get("Origin");
  if (origin === null || settings.origins.has(origin)) return null;
  if (settings.loopback && isLoopbackOrigin(origin)) return null;
  return Response.json(
    { error: "forbidden_origin", error_description: "This origin may not call the endpoint" },
    { status: 403, headers: { "Cache-Control": "no-store" } },
  );
}

function isLoopbackOrigin(origin: string): boolean {
  if (!URL.canParse(origin)) return false;
  const url = new URL(origin);
  return url.origin === origin && ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
}

function misdirected(settings: Settings): Response {
  return Response.json(
    {
      error: "misdirected_request",
      error_description: `This gateway is at ${settings.publicOrigin}`,
    },
    { status: 421, headers: { "Cache-Control": "no-store" } },
  );
}
