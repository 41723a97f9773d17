import { FRAME_MAX_BYTES, HANDSHAKE_DEADLINE_MS } from "@ibkr-edge-gateway/protocol/limits.ts";
import { SUBPROTOCOL } from "@ibkr-edge-gateway/protocol/relay/envelope.ts";
import type { RelayTransport } from "@ibkr-edge-gateway/protocol/relay/transport.ts";
import WebSocket from "ws";

export interface SocketEvents {
  onOpen(): void;
  onText(text: string): void;
  onBinary(): void;
  /** The upgrade was refused or never came; no other event follows. */
  onRefused(message: string, retryAfterMs?: number): void;
  onClosed(code: number, reason: string): void;
}

/** One WebSocket to the gateway, as a transport. */
export type Connect = (url: string, events: SocketEvents) => RelayTransport;

export const connectWebSocket: Connect = (url, events) => {
  const socket = new WebSocket(url, SUBPROTOCOL, {
    perMessageDeflate: false,
    handshakeTimeout: HANDSHAKE_DEADLINE_MS,
    maxPayload: FRAME_MAX_BYTES,
    followRedirects: false,
  });
  let over = false;
  let opened = false;
  const refused = (message: string, retryAfterMs?: number) => {
    if (over) return;
    over = true;
    events.onRefused(message, retryAfterMs);
  };
  socket.on("open", () => {
    opened = true;
    events.onOpen();
  });
  socket.on("message", (data, isBinary) => {
    if (isBinary) events.onBinary();
    else events.onText(data.toString());
  });
  socket.on("unexpected-response", (request, response) => {
    const seconds = Number(response.headers["retry-after"]);
    request.destroy();
    refused(
      `the gateway answered ${response.statusCode} instead of opening the relay`,
      seconds > 0 && seconds <= 3600 ? seconds * 1000 : undefined,
    );
  });
  socket.on("error", (error) => {
    if (!opened) refused(`the gateway could not be reached (${codeOf(error)})`);
  });
  socket.on("close", (code, reason) => {
    if (!opened) refused("the gateway could not be reached");
    if (over) return;
    over = true;
    events.onClosed(code, reason.toString());
  });
  return {
    send(text) {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close(code, reason) {
      socket.close(code, reason.slice(0, 100));
      // A peer that does not answer the close is not waited for.
      setTimeout(() => socket.terminate(), CLOSE_GRACE_MS).unref();
    },
    buffered: () => socket.bufferedAmount,
  };
};

const CLOSE_GRACE_MS = 1_000;

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
