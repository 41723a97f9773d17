import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { Certificate } from "../certificate.ts";
import type { Simulator } from "../simulator.ts";
import { plain, type SimAnswer } from "./exchange.ts";
import type { LogEntry, RequestLog } from "./request-log.ts";

export const BASE = "/v1/api";
/** The real gateway's old server closes idle connections early. */
const KEEP_ALIVE_MS = 15_000;
const BODY_LIMIT = 1_048_576;

/** A request that has arrived whole, with its place in the log. */
export interface Arrival {
  /** Below the API's base; everything else is the login page's. */
  inside: boolean;
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage["headers"];
  bodyText: string;
  entry: LogEntry;
  response: ServerResponse;
  socket: Duplex;
}

export interface GatewayServer {
  port: number;
  server: Server;
  /** Shows another certificate from the next connection on, and closes the present ones. */
  swap(certificate: Certificate): void;
  /** Stops listening, as a gateway that was ended; `listen` starts it again on the same port. */
  stop(): Promise<void>;
  listen(): Promise<void>;
}

/** The HTTPS side: HTTP/1.1 on loopback, every request logged before anything else is done. */
export async function startServer(
  sim: Simulator,
  log: RequestLog,
  certificate: Certificate,
  port: number,
  handle: (arrival: Arrival) => void,
): Promise<GatewayServer> {
  const startedAt = performance.now();
  let connections = 0;
  const seen = new WeakMap<object, { id: number; requests: number }>();

  const server = createServer({
    key: certificate.keyPem,
    cert: certificate.pem,
    ALPNProtocols: ["http/1.1"],
    keepAliveTimeout: KEEP_ALIVE_MS,
  });
  server.on("request", (request, response) => {
    const count = seen.get(request.socket) ?? { id: ++connections, requests: 0 };
    count.requests += 1;
    seen.set(request.socket, count);
    const onConnection = count.requests;
    const arrivedAt = performance.now();
    readBody(request, (bodyText) => {
      const url = new URL(request.url ?? "/", "https://127.0.0.1");
      const inside = url.pathname.startsWith(`${BASE}/`);
      const path = inside ? url.pathname.slice(BASE.length) : url.pathname;
      const entry = log.add({
        at: sim.clock.now(),
        wallMs: arrivedAt - startedAt,
        tookMs: 0,
        method: request.method ?? "GET",
        path,
        query: url.search.slice(1),
        body: bodyText,
        userAgent: request.headers["user-agent"] ?? "",
        contentLength: request.headers["content-length"] ?? null,
        connection: count.id,
        onConnection,
        status: 0,
        applied: false,
        faults: [],
        outcome: "pending",
      });
      response.on("finish", () => {
        entry.tookMs = performance.now() - arrivedAt;
        if (entry.outcome === "pending") entry.outcome = "answered";
      });
      const { method } = entry;
      const { headers, socket } = request;
      const query = url.searchParams;
      handle({ inside, method, path, query, headers, bodyText, entry, response, socket });
    });
  });

  let listeningOn = port;
  const listen = async (): Promise<void> => {
    listeningOn = await listenOn(server, listeningOn);
  };
  await listen();
  return {
    port: listeningOn,
    server,
    swap: (next) => {
      server.setSecureContext({ key: next.keyPem, cert: next.pem });
      server.closeAllConnections();
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    listen,
  };
}

/** Listens on loopback; the port that it came to be. */
function listenOn(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve(addressOf(server).port);
    });
  });
}

function readBody(request: IncomingMessage, done: (text: string) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  request.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length <= BODY_LIMIT) chunks.push(chunk);
    else request.destroy();
  });
  request.on("end", () => done(Buffer.concat(chunks).toString("utf8")));
  request.on("error", () => {});
}

/** The address that a server listens on; throws when it does not. */
export function addressOf(server: { address(): AddressInfo | string | null }): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address;
}

/** The headers of an answer, its length in bytes among them. */
export function headersOf(given: SimAnswer): Record<string, string | number> {
  const length = Buffer.byteLength(given.text, "utf8");
  const headers: Record<string, string | number> = { ...given.headers, "Content-Length": length };
  if (given.contentType !== "") headers["Content-Type"] = given.contentType;
  return headers;
}

/** Writes an answer with an explicit length. */
export function sendAnswer(arrival: Arrival, given: SimAnswer): void {
  arrival.entry.status = given.status;
  const { response } = arrival;
  if (response.destroyed || response.headersSent) return;
  response.writeHead(given.status, headersOf(given));
  response.end(given.text);
}

export const UNEXPECTED = plain(500, "Internal Server Error");
