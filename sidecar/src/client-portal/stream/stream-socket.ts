import { connect as netConnect, type Socket } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { WebSocket } from "ws";
import type { GatewayAddress } from "../address.ts";
import { LIMITS } from "../limits.ts";
import type { Transport } from "../transport.ts";

/** An open line to the gateway's WebSocket: two things to do with it, so that a test can stand in. */
export interface StreamSocket {
  send(text: string): void;
  /** Ends it at once. */
  terminate(): void;
}

export interface StreamSocketEvents {
  onOpen(): void;
  onText(text: string): void;
  /** Once, however it ended, also when it never opened. */
  onClose(): void;
}

/**
 * Dials the gateway's WebSocket. As with every request, the certificate is compared before the
 * first byte: the upgrade carries the session's credential in its cookie.
 */
export function openStreamSocket(
  address: GatewayAddress,
  verifyPeer: Transport["verifyPeer"],
  credential: string,
  events: StreamSocketEvents,
): StreamSocket {
  let ended = false;
  let line: Socket | null = null;
  let socket: WebSocket | null = null;
  const end = (): void => {
    if (ended) return;
    ended = true;
    socket?.terminate();
    line?.destroy();
    events.onClose();
  };

  const upgrade = (verified: Socket): void => {
    if (ended) return;
    const lenient = new TextDecoder("utf-8", { fatal: false });
    socket = new WebSocket(`${address.origin.replace(/^http/, "ws")}/v1/api/ws`, {
      headers: {
        "user-agent": "ibkr-sidecar",
        cookie: `api=${JSON.stringify({ session: credential })}`,
      },
      createConnection: () => verified,
      handshakeTimeout: LIMITS.readTimeoutMs,
      maxPayload: LIMITS.maxAnswerBytes,
      perMessageDeflate: false,
      // The broker sends invalid UTF-8 now and then; one bad frame must not cost the connection.
      skipUTF8Validation: true,
    });
    socket.on("open", () => {
      if (!ended) events.onOpen();
    });
    socket.on("message", (data) => {
      if (ended) return;
      const bytes = Array.isArray(data) ? Buffer.concat(data) : data;
      events.onText(lenient.decode(bytes));
    });
    socket.on("error", end);
    socket.on("close", end);
  };

  if (address.tls) {
    const dialled = tlsConnect({
      host: address.host,
      port: address.port,
      // Self-signed by nature; identity is the pin's business, checked below.
      rejectUnauthorized: false,
    });
    line = dialled;
    dialled.once("secureConnect", () => {
      if (verifyPeer(dialled) === null) upgrade(dialled);
      else end();
    });
  } else {
    const dialled = netConnect({ host: address.host, port: address.port });
    line = dialled;
    dialled.once("connect", () => upgrade(dialled));
  }
  line.on("error", end);
  line.setTimeout(LIMITS.readTimeoutMs, () => {
    // Only while it is not a WebSocket yet; from then on heartbeats decide.
    if (socket?.readyState !== WebSocket.OPEN) end();
  });

  return {
    send: (text) => {
      if (socket?.readyState === WebSocket.OPEN) socket.send(text);
    },
    terminate: () => {
      ended = true;
      socket?.terminate();
      line?.destroy();
    },
  };
}
