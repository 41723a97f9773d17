import { WebSocket } from "ws";
import type { Bench } from "./client.ts";

/** A socket to the simulator that keeps every frame it hears. */
export interface Ears {
  socket: WebSocket;
  /** Raw frames, in order of arrival. */
  raw: Buffer[];
  frames: Record<string, unknown>[];
  /** Frames of a topic, by its beginning. */
  of(topic: string): Record<string, unknown>[];
  say(text: string): void;
  /** The code with which the socket was closed. */
  closed: Promise<number>;
  close(): void;
}

/** Lets frames that were already sent arrive: a round trip on the same socket. */
export function untilQuiet(ears: Ears): Promise<void> {
  return new Promise((resolve) => {
    ears.socket.once("pong", () => resolve());
    ears.socket.ping();
  });
}

/** Opens a socket; `session` as the tickle gave it goes into the cookie. */
export async function listen(bench: Bench, session?: string): Promise<Ears> {
  const headers = session === undefined ? {} : { Cookie: `api={"session":"${session}"}` };
  const url = `${bench.simulator.url.replace("https", "wss")}/v1/api/ws`;
  const socket = new WebSocket(url, {
    headers,
    ca: bench.simulator.certificatePem,
    skipUTF8Validation: true,
  });
  const raw: Buffer[] = [];
  const frames: Record<string, unknown>[] = [];
  socket.on("message", (data: Buffer) => {
    raw.push(data);
    try {
      frames.push(JSON.parse(data.toString("utf8")));
    } catch {
      frames.push({ unreadable: data.toString("latin1") });
    }
  });
  socket.on("error", () => {});
  const closed = new Promise<number>((resolve) => socket.on("close", resolve));
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  const ears: Ears = {
    socket,
    raw,
    frames,
    of: (topic) => frames.filter((frame) => String(frame.topic ?? "").startsWith(topic)),
    say: (text) => socket.send(text),
    closed,
    close: () => socket.terminate(),
  };
  await untilQuiet(ears);
  return ears;
}

/** Opens a socket that knows the session. */
export async function listenIn(bench: Bench): Promise<Ears> {
  return listen(bench, bench.control.world().sso.sessionId);
}
