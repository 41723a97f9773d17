import { createServer, connect as dial, type Socket } from "node:net";
import { type FrameNoise, frameCutter } from "./frames.ts";

/** The line between the PC and the edge, which can lose, repeat and swap single frames. */
export interface FrameProxy {
  readonly port: number;
  /** Does this to the next frames that pass in this direction. */
  disturb(direction: "to edge" | "to PC", what: FrameNoise): void;
  /** What was done so far, by kind. */
  readonly done: Record<string, number>;
  cut(): void;
  stall(on: boolean): void;
  refuse(on: boolean): void;
  close(): Promise<void>;
}

export async function startFrameProxy(targetPort: number): Promise<FrameProxy> {
  const sockets = new Set<Socket>();
  const orders: Record<"to edge" | "to PC", FrameNoise[]> = { "to edge": [], "to PC": [] };
  const done: Record<string, number> = {};
  let stalled = false;
  let refusing = false;
  const server = createServer((near) => {
    if (refusing) {
      near.destroy();
      return;
    }
    const far = dial(targetPort, "127.0.0.1");
    const noise = (direction: "to edge" | "to PC") => (): FrameNoise | null => {
      const next = orders[direction].shift() ?? null;
      if (next !== null) {
        const name = `${next} a frame ${direction}`;
        done[name] = (done[name] ?? 0) + 1;
      }
      return next;
    };
    const toEdge = frameCutter((bytes) => far.write(bytes), noise("to edge"));
    const toPc = frameCutter((bytes) => near.write(bytes), noise("to PC"));
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => undefined);
      if (stalled) socket.pause();
      socket.on("close", () => {
        sockets.delete(socket);
        (socket === near ? far : near).destroy();
      });
    }
    near.on("data", toEdge);
    far.on("data", toPc);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: address.port,
    done,
    disturb: (direction, what) => orders[direction].push(what),
    cut,
    stall(on) {
      stalled = on;
      for (const socket of sockets) {
        if (on) socket.pause();
        else socket.resume();
      }
    },
    refuse: (on) => {
      refusing = on;
    },
    async close() {
      cut();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
