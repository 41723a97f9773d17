import { Agent, Client, type Dispatcher, errors } from "undici";
import type { Clock } from "./clock.ts";
import { checkedDial, dialWithLastLook, NotHandedOver } from "./dial.ts";
import { LIMITS } from "./limits.ts";
import {
  CertificateChanged,
  createPeerCheck,
  type PeerCheck,
  type PeerCheckOptions,
} from "./peer-check.ts";

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
  /** By a connection that agents' reads cannot hold. */
  urgent?: boolean;
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

export interface Transport {
  send(request: WireRequest): Promise<WireAnswer>;
  /** A verified TLS (or plain) socket for the WebSocket client. */
  readonly verifyPeer: PeerCheck;
  close(): Promise<void>;
}

export function createTransport(options: PeerCheckOptions): Transport {
  const { address, clock } = options;
  const verifyPeer = createPeerCheck(options);
  const dial = checkedDial(address, verifyPeer);
  const pool = (connections: number): Agent =>
    new Agent({
      ...CONNECTION,
      connect: dial,
      connections,
      keepAliveTimeout: LIMITS.keepAliveMs,
      keepAliveMaxTimeout: LIMITS.keepAliveMs,
    });
  const agents = pool(LIMITS.agentConnections);
  const urgent = pool(LIMITS.urgentConnections);

  const send = async (request: WireRequest): Promise<WireAnswer> => {
    const { beforeSend } = request;
    const limit = timeLimit(clock, request);
    // Without a last look nobody knows how far it came.
    let handed = beforeSend === undefined;
    const connect =
      beforeSend === undefined
        ? dial
        : dialWithLastLook(dial, {
            look: beforeSend,
            handedOver: () => {
              handed = true;
            },
            lost: () => new TransportError("reset", false),
          });
    const own = request.fresh ? new Client(address.origin, { ...CONNECTION, connect }) : null;
    try {
      return await exchange(
        own ?? (request.urgent ? urgent : agents),
        address.origin,
        request,
        limit.signal,
      );
    } catch (error) {
      if (error instanceof NotHandedOver) throw error.reason;
      const [fault, maybeSent] = faultOf(error, limit.timedOut(), limit.signal.aborted);
      throw new TransportError(fault, maybeSent && handed, error);
    } finally {
      limit.end();
      if (own !== null) void own.destroy();
    }
  };

  return {
    send,
    verifyPeer,
    close: async () => void (await Promise.all([agents.destroy(), urgent.destroy()])),
  };
}

const CONNECTION = {
  pipelining: 1,
  headersTimeout: 0,
  bodyTimeout: 0,
  maxResponseSize: LIMITS.maxAnswerBytes,
} as const;

/** Aborts when the time is over, or when the caller does. */
function timeLimit(clock: Clock, { timeoutMs, signal }: WireRequest) {
  const abort = new AbortController();
  let timedOut = false;
  const cancelTimer = clock.after(timeoutMs, () => {
    timedOut = true;
    abort.abort();
  });
  const onAbort = (): void => abort.abort();
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted) abort.abort();
  return {
    signal: abort.signal,
    timedOut: () => timedOut,
    end(): void {
      cancelTimer();
      signal?.removeEventListener("abort", onAbort);
    },
  };
}

async function exchange(
  dispatcher: Dispatcher,
  origin: string,
  request: WireRequest,
  signal: AbortSignal,
): Promise<WireAnswer> {
  const search = new URLSearchParams(request.query).toString();
  const hasBody = request.body !== undefined;
  const answer = await dispatcher.request({
    origin,
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
    signal,
  });
  const text = await answer.body.text();
  const type = answer.headers["content-type"];
  return {
    status: answer.statusCode,
    contentType: (Array.isArray(type) ? type[0] : type) ?? "",
    text,
  };
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
