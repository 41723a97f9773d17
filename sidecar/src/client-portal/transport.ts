import type { TLSSocket } from "node:tls";
import { Agent, buildConnector, Client, type Dispatcher, errors } from "undici";
import type { GatewayAddress } from "./address.ts";
import type { CertificatePins } from "./certificate-pin.ts";
import { type Clock, isoTime } from "./clock.ts";
import { LIMITS } from "./limits.ts";
import { isOpenAroundTheClock, isSimulator } from "./simulator-proof.ts";

/**
 * HTTP to the broker's gateway on this machine, and nothing above it: no retry, no meaning. Every
 * TLS connection is compared with the pinned certificate after the handshake and before the first
 * byte of a request, so that a swapped gateway never sees one.
 */

export interface WireRequest {
  method: "GET" | "POST" | "DELETE" | "PUT";
  /** From the host's root, e.g. `/v1/api/tickle`. */
  path: string;
  query?: Readonly<Record<string, string>>;
  body?: unknown;
  timeoutMs: number;
  /**
   * A connection of its own, closed afterwards. For order POSTs: a reset on a reused idle socket
   * could not be told from a sent order.
   */
  fresh?: boolean;
  /**
   * With `fresh`: called once, when the connection stands and before the first byte of the request.
   * What it throws is thrown by `send`, and then nothing was sent. A connection that is lost before
   * its request was written is not dialled again.
   */
  beforeSend?: () => void;
  signal?: AbortSignal;
}

export interface WireAnswer {
  status: number;
  contentType: string;
  text: string;
}

export type TransportFault =
  | "dial_refused"
  | "certificate_changed"
  | "tls"
  | "timeout"
  | "reset"
  | "too_large"
  | "aborted";

/** The request did not end in an answer. */
export class TransportError extends Error {
  override readonly name = "TransportError";
  readonly fault: TransportFault;
  /** True when bytes of the request may have reached the gateway. */
  readonly maybeSent: boolean;

  constructor(fault: TransportFault, maybeSent: boolean, cause?: unknown) {
    super(fault, { cause });
    this.fault = fault;
    this.maybeSent = maybeSent;
  }
}

class CertificateChanged extends Error {}

/** The caller's last look said no; `reason` is what it threw. */
class HeldBack extends Error {
  readonly reason: unknown;

  constructor(reason: unknown) {
    super("held back");
    this.reason = reason;
  }
}

export interface Transport {
  send(request: WireRequest): Promise<WireAnswer>;
  /** A verified TLS (or plain) socket for the WebSocket client. */
  readonly verifyPeer: (socket: TLSSocket) => Error | null;
  close(): Promise<void>;
}

export interface TransportOptions {
  address: GatewayAddress;
  pins: CertificatePins;
  clock: Clock;
  /** Told once per certificate that was trusted for the first time. */
  onFirstUse(sha256: string): void;
  /**
   * Talks to the simulator alone: told of each connection that is not proved to be its, and of one
   * that is, whether its markets are open around the clock.
   */
  onlySimulator?: { refused(): void; proved(openAroundTheClock: boolean): void };
}

export function createTransport(options: TransportOptions): Transport {
  const { address, clock } = options;

  const verifyPeer = (socket: TLSSocket): Error | null => {
    const seen = socket.getPeerCertificate().fingerprint256;
    if (typeof seen !== "string" || seen === "") return new CertificateChanged("no certificate");
    if (options.onlySimulator !== undefined && !isSimulator(socket)) {
      options.onlySimulator.refused();
      return new CertificateChanged("not the simulator's certificate");
    }
    options.onlySimulator?.proved(isOpenAroundTheClock(socket));
    let pinned: string | null;
    try {
      pinned = options.pins.get(address.origin);
      if (pinned === null) {
        options.pins.set(address.origin, seen, isoTime(clock.now()));
        options.onFirstUse(seen);
        return null;
      }
    } catch {
      // A pin that cannot be read, or kept, trusts nobody.
      return new CertificateChanged("the pinned certificate cannot be read");
    }
    return pinned === seen
      ? null
      : new CertificateChanged("certificate differs from the pinned one");
  };

  const dial = buildConnector({
    // Self-signed by nature; identity is the pin's business, checked below on every connection.
    rejectUnauthorized: false,
    maxCachedSessions: 0,
    timeout: LIMITS.connectTimeoutMs,
    allowH2: false,
  });
  const connect: buildConnector.connector = (target, callback) => {
    dial(target, (...outcome) => {
      const [error, socket] = outcome;
      if (error !== null) {
        callback(error, null);
        return;
      }
      const refusal = address.tls ? verifyPeer(socket as TLSSocket) : null;
      if (refusal !== null) {
        socket.destroy();
        callback(refusal, null);
        return;
      }
      callback(null, socket);
    });
  };

  const common = {
    connect,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: LIMITS.maxAnswerBytes,
  } as const;
  const agent = new Agent({
    ...common,
    connections: LIMITS.maxConnections,
    keepAliveTimeout: LIMITS.keepAliveMs,
    keepAliveMaxTimeout: LIMITS.keepAliveMs,
  });

  /** A dial of its own that asks once more before it hands the connection over, and only once. */
  const lastLook = (look: () => void, onHanded: () => void): buildConnector.connector => {
    let dialled = false;
    return (target, callback) => {
      if (dialled) {
        callback(new HeldBack(new TransportError("reset", false)), null);
        return;
      }
      dialled = true;
      connect(target, (...outcome) => {
        const [error, socket] = outcome;
        if (error !== null) {
          callback(error, null);
          return;
        }
        try {
          look();
        } catch (reason) {
          socket.destroy();
          callback(new HeldBack(reason), null);
          return;
        }
        onHanded();
        callback(null, socket);
      });
    };
  };

  const send = async (request: WireRequest): Promise<WireAnswer> => {
    const abort = new AbortController();
    let timedOut = false;
    const cancelTimer = clock.after(request.timeoutMs, () => {
      timedOut = true;
      abort.abort();
    });
    const onAbort = (): void => abort.abort();
    request.signal?.addEventListener("abort", onAbort, { once: true });
    if (request.signal?.aborted) abort.abort();
    // Without a last look nobody knows how far it came.
    let handed = request.beforeSend === undefined;
    const own = (): Client =>
      new Client(address.origin, {
        ...common,
        connect:
          request.beforeSend === undefined
            ? connect
            : lastLook(request.beforeSend, () => {
                handed = true;
              }),
      });
    const dispatcher: Dispatcher = request.fresh ? own() : agent;
    const search = new URLSearchParams(request.query).toString();
    const hasBody = request.body !== undefined;
    try {
      const answer = await dispatcher.request({
        origin: address.origin,
        method: request.method,
        path: search === "" ? request.path : `${request.path}?${search}`,
        headers: {
          accept: "application/json",
          "user-agent": "ibkr-sidecar",
          ...(hasBody ? { "content-type": "application/json" } : {}),
          // The gateway answers 411 to a POST that does not say how long it is.
          ...(!hasBody && request.method !== "GET" ? { "content-length": "0" } : {}),
        },
        body: hasBody ? JSON.stringify(request.body) : null,
        reset: request.fresh === true,
        signal: abort.signal,
      });
      const text = await answer.body.text();
      const type = answer.headers["content-type"];
      return {
        status: answer.statusCode,
        contentType: (Array.isArray(type) ? type[0] : type) ?? "",
        text,
      };
    } catch (error) {
      if (error instanceof HeldBack) throw error.reason;
      const [fault, maybeSent] = faultOf(error, timedOut, abort.signal.aborted);
      throw new TransportError(fault, maybeSent && handed, error);
    } finally {
      cancelTimer();
      request.signal?.removeEventListener("abort", onAbort);
      if (dispatcher !== agent) void dispatcher.destroy();
    }
  };

  return { send, verifyPeer, close: () => agent.destroy() };
}

function faultOf(error: unknown, timedOut: boolean, aborted: boolean): [TransportFault, boolean] {
  if (timedOut) return ["timeout", true];
  if (error instanceof CertificateChanged) return ["certificate_changed", false];
  // A busy PC is slow to connect; only a refusal proves that nobody listens.
  if (error instanceof errors.ConnectTimeoutError) return ["timeout", false];
  if (error instanceof errors.ResponseExceededMaxSizeError) return ["too_large", true];
  if (aborted) return ["aborted", true];
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ECONNREFUSED" || code === "ENETUNREACH" || code === "EHOSTUNREACH") {
    return ["dial_refused", false];
  }
  if (code.startsWith("ERR_SSL") || code === "EPROTO") return ["tls", false];
  return ["reset", true];
}
