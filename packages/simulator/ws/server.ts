import type { IncomingMessage } from "node:http";
import type { Server } from "node:https";
import { WebSocketServer } from "ws";
import type { WsAction } from "../control/injected-faults.ts";
import { BASE } from "../http/server.ts";
import { isFields, type WireJson } from "../json.ts";
import type { Simulator } from "../simulator.ts";
import { createConnection, endStream, type Sending, type SocketConnection } from "./connection.ts";
import { greet, sendAccounts, sendStatus } from "./greeting.ts";
import { parseSubscription } from "./subscription.ts";
import { endBrokerageStreams, handleTopic } from "./topics.ts";

/** The socket side of the gateway, on the same port. */
export interface SocketServer {
  connections(): number;
  /** Does something to every open connection. */
  disturb(action: WsAction): void;
  /** Sends a frame of the server's own to all: a notice, a bulletin. */
  broadcast(frame: { [key: string]: WireJson }): void;
  close(): void;
}

/** The socket side without its server: what listens gives it each new socket. */
export interface SocketSide extends Omit<SocketServer, "close"> {
  /** Takes a socket, with the credential that its upgrade bore. */
  accept(socket: ClientSocket, credential: string | undefined): void;
  terminate(): void;
}

/** What the simulator uses of a socket. */
export interface ClientSocket extends Sending {
  on(event: "message", heard: (data: unknown) => void): unknown;
  on(event: "error" | "close", heard: () => void): unknown;
}

/**
 * Takes upgrades to the API's socket from a server that listens already; any other path gets a 404.
 */
export function startSocketServer(sim: Simulator, server: Server): SocketServer {
  const sockets = new WebSocketServer({ noServer: true, skipUTF8Validation: true });
  const side = createSocketSide(sim);
  server.on("upgrade", (request, stream, head) => {
    if (request.url?.split("?")[0] !== `${BASE}/ws`) {
      stream.end("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    sockets.handleUpgrade(request, stream, head, (socket) =>
      side.accept(socket, cookieSession(request)),
    );
  });
  return {
    connections: side.connections,
    disturb: side.disturb,
    broadcast: side.broadcast,
    close: () => {
      side.terminate();
      sockets.close();
    },
  };
}

/** The socket side for a simulator that has no server: sockets are handed to it. */
export function createSocketSide(sim: Simulator): SocketSide {
  const open = new Set<SocketConnection>();

  const accept = (socket: ClientSocket, credential: string | undefined): void => {
    const connection = createConnection(socket, sim.clock.now(), sim.behaviours.webSocket.binary);
    open.add(connection);
    if (holdsSession(sim, credential) || isLocal(sim, credential)) trust(sim, connection);
    socket.on("message", (data) => receive(connection, String(data)));
    socket.on("error", () => {});
    socket.on("close", () => {
      open.delete(connection);
      endStreams(connection);
    });
  };

  const receive = (connection: SocketConnection, frame: string): void => {
    if (connection.session === undefined && holdsSession(sim, messageSession(frame))) {
      trust(sim, connection);
      return;
    }
    const early = sim.clock.now() - connection.openedAt < sim.behaviours.webSocket.readyMs;
    if (connection.session === undefined || early) {
      connection.send({ message: "waiting for session" });
      return;
    }
    if (frame === "tic" || frame === "ech+hb") {
      sim.world.brokerage.lastTrafficAt = sim.clock.now();
      return;
    }
    const wanted = parseSubscription(frame);
    if (wanted !== undefined) handleTopic(sim, connection, wanted);
  };

  let before = { ...sim.world.brokerage };
  sim.events.on("session", () => {
    const now = { ...sim.world.brokerage };
    const anew = now.generation !== before.generation || now.phase !== before.phase;
    const established = now.established && !before.established;
    before = now;
    for (const connection of open) {
      if (connection.session === undefined) continue;
      if (anew) endBrokerageStreams(connection);
      sendStatus(sim, connection);
      if (established) sendAccounts(sim, connection);
      if (!holdsSession(sim, connection.session)) distrust(connection);
    }
  });

  return {
    connections: () => open.size,
    disturb: (action) => {
      for (const connection of open) connection.disturb(action);
    },
    broadcast: (frame) => {
      for (const connection of open) if (connection.session !== undefined) connection.send(frame);
    },
    accept,
    terminate: () => {
      for (const connection of open) connection.socket.terminate();
    },
  };
}

/** The socket belongs to the login: it is greeted, and hears the heartbeat from now on. */
function trust(sim: Simulator, connection: SocketConnection): void {
  connection.session = sim.world.sso.sessionId;
  greet(sim, connection);
  connection.streams.set(
    "heartbeat",
    sim.clock.every(sim.behaviours.webSocket.heartbeatMs, () => {
      if (!connection.heartbeatPaused) connection.send({ topic: "system", hb: sim.clock.now() });
    }),
  );
}

/** The login is over: the socket stays open, without heartbeat, and is told to wait. */
function distrust(connection: SocketConnection): void {
  connection.session = undefined;
  endStreams(connection);
}

function endStreams(connection: SocketConnection): void {
  for (const key of [...connection.streams.keys()]) endStream(connection, key);
}

function holdsSession(sim: Simulator, session: string | undefined): boolean {
  const { sso } = sim.world;
  return sso.phase === "valid" && session === sso.sessionId;
}

/** The gateway holds the login itself, and lets in whoever comes from this machine with no cookie at all. */
function isLocal(sim: Simulator, credential: string | undefined): boolean {
  return (
    credential === undefined &&
    sim.behaviours.webSocket.withoutCookie === "served" &&
    sim.world.sso.phase === "valid"
  );
}

/** The cookie is `api={"session":"…"}`, plain or percent-encoded. */
function cookieSession(request: IncomingMessage): string | undefined {
  const pair = (request.headers.cookie ?? "").split(/; */).find((one) => one.startsWith("api="));
  if (pair === undefined) return undefined;
  const value = pair.slice(4);
  try {
    return messageSession(decodeURIComponent(value)) ?? value;
  } catch {
    return value;
  }
}

/** Older clients say it in their first message. */
function messageSession(text: string): string | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) && typeof value.session === "string" ? value.session : undefined;
  } catch {
    return undefined;
  }
}
