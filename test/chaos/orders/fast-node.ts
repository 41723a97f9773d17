import diagnostics from "node:diagnostics_channel";
import { appendFileSync, readFileSync } from "node:fs";
import net from "node:net";
import { DatabaseSync, StatementSync } from "node:sqlite";
import { Readable } from "node:stream";
import { runNodeAt } from "../../clock/node-clock.ts";
import { parseFastTime } from "./fast-time.ts";

/**
 * Loaded before a Node process of an order run (`node --import`), never part of the product: gives
 * it the run's clock, and a fuse that ends it by SIGKILL at the n-th effect after an order arrived.
 * An effect is all that an await of the order path can wait for or cause: a write of a journal, a
 * step of a request to the broker, a frame from or to the edge.
 */
const time = parseFastTime(process.env.CHAOS_TIME);
if (time !== null) runNodeAt(time);

// Whatever ends the run, nothing of it stays behind.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.exit(1);
}, 10_000).unref();

const fuseFile = process.env.CHAOS_FUSE;
if (fuseFile !== undefined) layFuse(fuseFile);

/** `SIGUSR2` reads from the file after how many effects to die; it counts from the next order on. */
function layFuse(file: string): void {
  let waiting: number | null = null;
  let left = Number.POSITIVE_INFINITY;
  process.on("SIGUSR2", () => {
    waiting = Number(readFileSync(file, "utf8"));
  });
  const burn = (label: string): void => {
    if (left === Number.POSITIVE_INFINITY) return;
    left -= 1;
    if (left > 0) return;
    appendFileSync(`${file}.burnt`, `${label}\n`, { flush: true });
    process.kill(process.pid, "SIGKILL");
    for (;;);
  };

  for (const name of ["create", "bodySent", "headers", "trailers", "error"]) {
    diagnostics.subscribe(`undici:request:${name}`, (message) => {
      burn(`broker ${kindOf(message)}: ${name}`);
    });
  }
  diagnostics.subscribe("undici:client:sendHeaders", (message) => {
    burn(`broker ${kindOf(message)}: leaving`);
  });

  const { run } = StatementSync.prototype;
  StatementSync.prototype.run = function (...given) {
    burn("journal: before a write");
    const done = Reflect.apply(run, this, given);
    burn("journal: after a write");
    return done;
  };
  const { exec } = DatabaseSync.prototype;
  DatabaseSync.prototype.exec = function (sql) {
    burn("journal: before a write");
    exec.call(this, sql);
    burn("journal: after a write");
  };

  /** The line to the edge is the only plain one with a far end. */
  const isRelay = (socket: net.Socket): boolean =>
    socket.remotePort !== undefined && !("encrypted" in socket);
  const { write } = net.Socket.prototype;
  Object.assign(net.Socket.prototype, {
    write(this: net.Socket, ...given: Parameters<typeof write>) {
      const relay = isRelay(this);
      if (relay) burn("relay: before a frame");
      const done = write.apply(this, given);
      if (relay) burn("relay: after a frame");
      return done;
    },
    push(this: net.Socket, chunk: Uint8Array | null, ...rest: [BufferEncoding?]) {
      if (chunk !== null && isRelay(this)) {
        const text = Buffer.from(chunk).toString("latin1");
        if (waiting !== null && /"operation":"order\.(place|modify|cancel)"/.test(text)) {
          left = waiting;
          waiting = null;
        }
        burn("relay: a frame came");
      }
      return Readable.prototype.push.call(this, chunk, ...rest);
    },
  });
}

function kindOf(message: unknown): string {
  if (typeof message !== "object" || message === null || !("request" in message)) return "request";
  const { request } = message;
  if (typeof request !== "object" || request === null || !("path" in request)) return "request";
  const path = String(request.path);
  const method = "method" in request ? String(request.method) : "";
  if (method === "POST" && /\/account\/[^/]+\/orders$/.test(path)) return "order";
  if (path.includes("/reply/")) return "reply";
  return method === "DELETE" ? "cancel" : "read";
}
