import { createServer, connect as dial, type Server, type Socket } from "node:net";

/** A TCP line on loopback that a test can cut, stall and half-open. */
export interface LoopbackProxy {
  /** `ws://127.0.0.1:<port>`, in place of the gateway's own. */
  readonly port: number;
  /** Connections that pass through now. */
  open(): number;
  /** Breaks every connection, as a pulled cable that both ends notice. */
  cut(): void;
  /** Nothing passes in either direction, and nobody is told. */
  stall(on: boolean): void;
  /** The gateway's end is closed, the sidecar's stays open: a half-open socket. */
  halfOpen(): void;
  /** New connections are refused. */
  refuse(on: boolean): void;
  close(): Promise<void>;
}

/** `targetPort` is asked for every new connection: the gateway may be started later, or anew. */
export async function startProxy(targetPort: () => number): Promise<LoopbackProxy> {
  const pairs = new Set<{ near: Socket; far: Socket }>();
  let stalled = false;
  let refusing = false;
  const server: Server = createServer((near) => {
    if (refusing) {
      near.destroy();
      return;
    }
    const far = dial(targetPort(), "127.0.0.1");
    const pair = { near, far };
    pairs.add(pair);
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      socket.on("error", () => undefined);
      if (stalled) socket.pause();
    }
    near.on("data", (bytes) => far.write(bytes));
    far.on("data", (bytes) => near.write(bytes));
    near.on("close", () => {
      far.destroy();
      pairs.delete(pair);
    });
    far.on("close", () => {
      if (!halfOpened.has(pair)) near.destroy();
    });
  });
  const halfOpened = new WeakSet<object>();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    open: () => pairs.size,
    cut() {
      for (const { near, far } of pairs) {
        near.destroy();
        far.destroy();
      }
    },
    stall(on) {
      stalled = on;
      for (const { near, far } of pairs) {
        for (const socket of [near, far]) {
          if (on) socket.pause();
          else socket.resume();
        }
      }
    },
    halfOpen() {
      for (const pair of pairs) {
        halfOpened.add(pair);
        pair.far.destroy();
      }
    },
    refuse(on) {
      refusing = on;
    },
    async close() {
      for (const { near, far } of pairs) {
        near.destroy();
        far.destroy();
      }
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
