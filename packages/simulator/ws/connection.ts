import type { WsAction } from "../control/injected-faults.ts";
import { encode, type WireJson } from "../json.ts";

/** What is done with a socket: one of a server, or a stand-in for it. */
export interface Sending {
  readonly readyState: number;
  readonly OPEN: number;
  send(data: string): void;
  send(data: Uint8Array, options: { binary: boolean }): void;
  close(code?: number): void;
  terminate(): void;
}

/** One client's socket, with what a test may do to its frames. */
export interface SocketConnection {
  socket: Sending;
  /** The credential with which it came in; undefined until it has shown a good one. */
  session: string | undefined;
  openedAt: number;
  /** What is subscribed, by topic and target; each value ends its stream. */
  streams: Map<string, () => void>;
  heartbeatPaused: boolean;
  send(frame: { [key: string]: WireJson }): void;
  /** Does a test's bidding. */
  disturb(action: WsAction): void;
}

/**
 * Wraps a socket, so that what is sent can be held, doubled, reordered or lost. `openedAt` in ms
 * since the epoch; `binary` frames hold the same text as bytes.
 */
export function createConnection(
  socket: Sending,
  openedAt: number,
  binary: boolean,
): SocketConnection {
  let silent = false;
  let duplicate = false;
  let reorder = false;
  let held: string | undefined;
  const stopped = new Set<string>();

  const put = (text: string): void => {
    if (silent || socket.readyState !== socket.OPEN) return;
    if (binary) socket.send(Buffer.from(text), { binary });
    else socket.send(text);
  };

  const connection: SocketConnection = {
    socket,
    session: undefined,
    openedAt,
    streams: new Map(),
    heartbeatPaused: false,
    send: (frame) => {
      const topic = typeof frame.topic === "string" ? frame.topic : "";
      if (stopped.has(topic) || stopped.has(topic.slice(0, 3))) return;
      const text = encode(frame);
      if (reorder) {
        reorder = false;
        held = text;
        return;
      }
      put(text);
      if (duplicate) {
        duplicate = false;
        put(text);
      }
      if (held !== undefined) {
        put(held);
        held = undefined;
      }
    },
    disturb: (action) => {
      switch (action.kind) {
        case "pauseHeartbeat":
        case "resumeHeartbeat":
          connection.heartbeatPaused = action.kind === "pauseHeartbeat";
          return;
        case "silence":
        case "speak":
          silent = action.kind === "silence";
          return;
        case "stopTopic":
          stopped.add(action.topic);
          return;
        case "duplicateNext":
          duplicate = true;
          return;
        case "reorderNext":
          reorder = true;
          return;
        case "invalidUtf8":
          socket.send(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), {
            binary: false,
          });
          return;
        case "frame":
          put(action.text);
          return;
        case "noData":
          put(encode({ error: "No data." }));
          return;
        case "close":
          socket.close(action.code);
          return;
        case "terminate":
          socket.terminate();
          return;
      }
    },
  };
  return connection;
}

/** Ends a stream, if it runs. */
export function endStream(connection: SocketConnection, key: string): void {
  connection.streams.get(key)?.();
  connection.streams.delete(key);
}

/** Starts a stream in the place of an older one of the same key. */
export function startStream(connection: SocketConnection, key: string, end: () => void): void {
  endStream(connection, key);
  connection.streams.set(key, end);
}
