import { UNAUTHENTICATED_SOCKETS_MAX } from "@ibkr-edge-gateway/protocol/limits.ts";
import { SUBPROTOCOL } from "@ibkr-edge-gateway/protocol/relay/envelope.ts";

/**
 * Why a request becomes no connection of the relay; null when it may.
 * @param handshakes how many connections have not authenticated yet
 */
export function refusedUpgrade(request: Request, handshakes: number): Response | null {
  if (request.headers.get("Upgrade")?.toLowerCase() !== "websocket") {
    return new Response("expected a WebSocket upgrade\n", { status: 426 });
  }
  const offered = request.headers.get("Sec-WebSocket-Protocol") ?? "";
  if (!offered.split(",").some((name) => name.trim() === SUBPROTOCOL)) {
    return new Response(`expected the subprotocol ${SUBPROTOCOL}\n`, { status: 400 });
  }
  if (handshakes >= UNAUTHENTICATED_SOCKETS_MAX) {
    return new Response("too many handshakes at once\n", {
      status: 429,
      headers: { "Retry-After": "10" },
    });
  }
  return null;
}

/** The client's end of the pair, as the answer to its upgrade. */
export function upgraded(client: WebSocket): Response {
  return new Response(null, {
    status: 101,
    webSocket: client,
    headers: { "Sec-WebSocket-Protocol": SUBPROTOCOL },
  });
}
