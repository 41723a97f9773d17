import type { IncomingMessage } from "node:http";
import {
  FRAME_MAX_BYTES,
  HANDSHAKE_DEADLINE_MS,
  UPGRADE_REFUSAL_MAX_BYTES,
} from "@ibkr-edge-gateway/protocol/limits.ts";
import { SUBPROTOCOL } from "@ibkr-edge-gateway/protocol/relay/frame-envelope.ts";
import type { RelayTransport } from "@ibkr-edge-gateway/protocol/relay/transport.ts";
import WebSocket from "ws";
import * as z from "zod";

export interface SocketEvents {
  onOpen(): void;
  onText(text: string): void;
  onBinary(): void;
  /** The upgrade was refused or never came; no other event follows. */
  onRefused(message: string, more?: Refusal): void;
  onClosed(code: number, reason: string): void;
}

export interface Refusal {
  readonly retryAfterMs?: number;
  /** Present when the gateway did not take the key; with the time by its clock, where it says so. */
  readonly refusedKey?: { readonly edgeTimeMs: number | null };
}

/** One WebSocket to the gateway, as a transport; `token` is for its header. */
export type Connect = (url: string, token: string, events: SocketEvents) => RelayTransport;

export const connectWebSocket: Connect = (url, token, events) => {
  const socket = new WebSocket(url, SUBPROTOCOL, {
    perMessageDeflate: false,
    handshakeTimeout: HANDSHAKE_DEADLINE_MS,
    maxPayload: FRAME_MAX_BYTES,
    followRedirects: false,
    headers: { Authorization: `Bearer ${token}` },
  });
  let over = false;
  let opened = false;
  const refused = (message: string, more?: Refusal) => {
    if (over) return;
    over = true;
    events.onRefused(message, more);
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
    const status = `the gateway answered ${response.statusCode} instead of opening the relay`;
    if (response.statusCode === 401) {
      void saidOf(response).then(({ message, edgeTimeMs }) => {
        request.destroy();
        const why = message === null ? "" : `: ${message}`;
        refused(`${status}${why}`, { refusedKey: { edgeTimeMs } });
      });
      return;
    }
    request.destroy();
    refused(status, seconds > 0 && seconds <= 3600 ? { retryAfterMs: seconds * 1000 } : {});
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

/** The gateway's own words about a key it did not take; nothing in them is proved. */
async function saidOf(
  response: IncomingMessage,
): Promise<{ message: string | null; edgeTimeMs: number | null }> {
  let text = "";
  try {
    response.setEncoding("utf8");
    for await (const part of response) {
      text += part;
      if (text.length > UPGRADE_REFUSAL_MAX_BYTES) break;
    }
    const said = UpgradeRefusal.parse(JSON.parse(text));
    return { message: said.message, edgeTimeMs: Date.parse(said.at) };
  } catch {
    return { message: null, edgeTimeMs: null };
  }
}

/** Printed at the PC's terminal: one line, without control characters. */
const UpgradeRefusal = z.object({
  message: z
    .string()
    .max(300)
    .regex(/^\P{C}*$/u),
  at: z.iso.datetime(),
});

const CLOSE_GRACE_MS = 1_000;

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
