import type {
  ConnectionId,
  EdgeConnection,
} from "@ibkr-edge-gateway/protocol/relay/edge/edge-state.ts";
import { PING, PONG } from "@ibkr-edge-gateway/protocol/relay/frame-envelope.ts";

/** What a socket carries through hibernation. */
interface Attachment {
  readonly id: ConnectionId;
  readonly connection: EdgeConnection;
}

/**
 * The WebSockets of one account's object, by the ids that the protocol machine knows them by. What
 * a connection is to the machine travels in its socket's attachment, so that it outlives a sleep.
 */
export class Sockets {
  readonly #ctx: DurableObjectState;
  readonly #sockets = new Map<ConnectionId, WebSocket>();
  readonly #ids = new WeakMap<WebSocket, ConnectionId>();
  readonly #lastFrameAt = new Map<ConnectionId, number>();

  constructor(ctx: DurableObjectState) {
    this.#ctx = ctx;
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
  }

  /** After a restart or a sleep: each connection from its socket. */
  restore(): Map<ConnectionId, EdgeConnection> {
    const connections = new Map<ConnectionId, EdgeConnection>();
    for (const socket of this.#ctx.getWebSockets()) {
      const { id, connection }: Partial<Attachment> = socket.deserializeAttachment() ?? {};
      // One that is not the relay's carries something else; see `rpc/open-pages.ts`.
      if (id === undefined || connection === undefined) continue;
      this.#know(id, socket);
      connections.set(id, connection);
    }
    return connections;
  }

  /** Takes the server's end of a new pair. */
  add(id: ConnectionId, socket: WebSocket, connection: EdgeConnection): void {
    this.#ctx.acceptWebSocket(socket);
    this.#know(id, socket);
    socket.serializeAttachment({ id, connection } satisfies Attachment);
  }

  /** Keeps with each socket what its connection is to the machine now. */
  keep(
    before: ReadonlyMap<ConnectionId, EdgeConnection>,
    now: ReadonlyMap<ConnectionId, EdgeConnection>,
  ): void {
    for (const [id, connection] of now) {
      if (before.get(id) === connection) continue;
      this.#sockets.get(id)?.serializeAttachment({ id, connection } satisfies Attachment);
    }
  }

  /** The runtime may hand over another object for the same socket after a sleep. */
  idOf(socket: WebSocket): ConnectionId | null {
    const known = this.#ids.get(socket);
    if (known !== undefined) return known;
    const attachment: Attachment | null = socket.deserializeAttachment();
    return attachment?.id ?? null;
  }

  /** A frame came in by this connection. */
  heard(id: ConnectionId, atMs: number): void {
    this.#lastFrameAt.set(id, atMs);
  }

  /** The last sign of life of a connection, in Unix milliseconds; 0 without any. */
  lastHeardAt(id: ConnectionId): number {
    const socket = this.#sockets.get(id);
    const pong = socket === undefined ? null : this.#ctx.getWebSocketAutoResponseTimestamp(socket);
    return Math.max(pong?.getTime() ?? 0, this.#lastFrameAt.get(id) ?? 0);
  }

  /** A socket that is already gone says so by its close event; sending to it is no failure of ours. */
  send(id: ConnectionId, text: string): void {
    try {
      this.#sockets.get(id)?.send(text);
    } catch {
      // Its close event follows.
    }
  }

  close(id: ConnectionId, code: number, reason: string): void {
    try {
      this.#sockets.get(id)?.close(code, reason.slice(0, 100));
    } catch {
      // Closed by the other side in the same instant.
    }
  }

  /** Its close event came: completes the close and forgets the socket. */
  closed(id: ConnectionId, socket: WebSocket, code: number): void {
    this.#sockets.delete(id);
    this.#lastFrameAt.delete(id);
    try {
      // Without an answer the peer never sees its own close completed.
      socket.close(code >= 4000 || code === 1000 ? code : 1000, "");
    } catch {
      // Already closed from here.
    }
  }

  #know(id: ConnectionId, socket: WebSocket): void {
    this.#sockets.set(id, socket);
    this.#ids.set(socket, id);
  }
}
