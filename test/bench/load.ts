import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest, Agent as TlsAgent } from "node:https";

/** One kind of call, as the load generator repeats it. */
export interface Target {
  url: string;
  method: "GET" | "POST";
  headers: Record<string, string>;
  body?: string;
  /** Throws when an answer is not the one that is being measured. */
  check(status: number, body: string): void;
}

export interface Measured {
  concurrency: number;
  calls: number;
  p50_ms: number;
  p99_ms: number;
  calls_per_s: number;
}

/** Repeats a call over kept-alive connections, `concurrency` at a time; every answer is checked. */
export async function measure(
  target: Target,
  concurrency: number,
  calls: number,
): Promise<Measured> {
  const url = new URL(target.url);
  const options = { keepAlive: true, maxSockets: concurrency };
  const tls = url.protocol === "https:";
  // The simulator's certificate is its own and loopback is all this talks to.
  const agent = tls ? new TlsAgent({ ...options, rejectUnauthorized: false }) : new Agent(options);
  const send = tls ? httpsRequest : httpRequest;
  const once = () =>
    new Promise<void>((resolve, reject) => {
      const request: ClientRequest = send(
        url,
        { agent, method: target.method, headers: target.headers },
        (response: IncomingMessage) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            try {
              target.check(response.statusCode ?? 0, Buffer.concat(chunks).toString("utf8"));
              resolve();
            } catch (error) {
              reject(error);
            }
          });
        },
      );
      request.on("error", reject);
      request.end(target.body);
    });

  const durations: number[] = [];
  let left = calls;
  const lane = async () => {
    while (left-- > 0) {
      const started = performance.now();
      await once();
      durations.push(performance.now() - started);
    }
  };
  try {
    for (let n = 0; n < Math.max(20, concurrency); n++) await once();
    const started = performance.now();
    await Promise.all(Array.from({ length: concurrency }, lane));
    const seconds = (performance.now() - started) / 1000;
    durations.sort((a, b) => a - b);
    return {
      concurrency,
      calls,
      p50_ms: round(quantile(durations, 0.5)),
      p99_ms: round(quantile(durations, 0.99)),
      calls_per_s: Math.round(calls / seconds),
    };
  } finally {
    agent.destroy();
  }
}

/** The smallest value that at least `q` of the sorted values do not exceed. */
export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)] ?? Number.NaN;
}

/** The spread of durations in milliseconds, in any order. */
export function quantiles(durations: readonly number[]) {
  const sorted = [...durations].sort((a, b) => a - b);
  const at = (q: number) => round(quantile(sorted, q), 4);
  return { measured: sorted.length, p50_ms: at(0.5), p95_ms: at(0.95), p99_ms: at(0.99) };
}

export function round(value: number, digits = 3): number {
  return Number(value.toFixed(digits));
}
