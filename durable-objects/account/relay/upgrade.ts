import { UPGRADE_TOKEN_MAX_CHARS } from "@ibkr-edge-gateway/protocol/limits.ts";
import { DEVICE_TOKEN } from "@ibkr-edge-gateway/protocol/relay/device-token.ts";
import { SUBPROTOCOL } from "@ibkr-edge-gateway/protocol/relay/frame-envelope.ts";
import { decodeJwt } from "jose";
import { hasTables } from "../tables/migrations.ts";
import { checkDeviceToken } from "./device-token-check.ts";

/** Why a request cannot become a connection of the relay by its form; null when it may. */
export function malformedUpgrade(request: Request): Response | null {
  if (request.headers.get("Upgrade")?.toLowerCase() !== "websocket") {
    return new Response("expected a WebSocket upgrade\n", { status: 426 });
  }
  const offered = request.headers.get("Sec-WebSocket-Protocol") ?? "";
  if (!offered.split(",").some((name) => name.trim() === SUBPROTOCOL)) {
    return new Response(`expected the subprotocol ${SUBPROTOCOL}\n`, { status: 400 });
  }
  return null;
}

/**
 * Whose socket this will be: the paired sidecar whose key signed the token in the `Authorization`
 * header, or the answer to somebody else. A revoked one is let in as far as the handshake, where it
 * is told so with the gateway's signature; nobody else would make it stop.
 */
export async function openerOf(
  sql: SqlStorage,
  request: Request,
  clock: { origin: string; now: () => number },
): Promise<{ sidecarId: string } | Response> {
  const [, token] = /^Bearer ([\w.-]+)$/.exec(request.headers.get("Authorization") ?? "") ?? [];
  if (token === undefined || token.length > UPGRADE_TOKEN_MAX_CHARS) {
    return unauthorized(
      clock.now(),
      "the relay opens for a paired sidecar's key only; update ibkr-sidecar if this PC is paired",
    );
  }
  const principal = subjectOf(token);
  if (principal === null || !hasTables(sql)) {
    return unauthorized(clock.now(), "this sidecar is not paired here");
  }
  const asked = { token, principal, journalId: "" };
  const verdict = await checkDeviceToken(sql, DEVICE_TOKEN.upgrade, asked, clock);
  if (verdict.ok) return { sidecarId: verdict.known.sidecarId };
  if (verdict.verdict === "revoked") return { sidecarId: verdict.sidecarId };
  return unauthorized(clock.now(), verdict.message);
}

/** Whom a token names; nothing is proved by it yet. */
function subjectOf(token: string): string | null {
  try {
    return decodeJwt(token).sub ?? null;
  } catch {
    return null;
  }
}

/** `at` is this clock: a PC whose own is wrong signs its next token by it. */
function unauthorized(nowMs: number, message: string): Response {
  const body = { error: "unauthorized", message, at: new Date(nowMs).toISOString() };
  return Response.json(body, {
    status: 401,
    headers: { "WWW-Authenticate": "Bearer", "Cache-Control": "no-store" },
  });
}

/** The client's end of the pair, as the answer to its upgrade. */
export function upgraded(client: WebSocket): Response {
  return new Response(null, {
    status: 101,
    webSocket: client,
    headers: { "Sec-WebSocket-Protocol": SUBPROTOCOL },
  });
}
