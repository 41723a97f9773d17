import { SEND_BUFFER_MAX_BYTES } from "@ibkr-edge-gateway/protocol/limits.ts";
import { encodeFrame } from "@ibkr-edge-gateway/protocol/relay/frame-codec.ts";
import type { CloseCode } from "@ibkr-edge-gateway/protocol/relay/relay-errors.ts";
import type { ListedJob } from "@ibkr-edge-gateway/protocol/relay/session-messages.ts";
import type { SidecarState } from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-state.ts";
import type {
  SidecarEffect,
  SidecarInput,
} from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-step.ts";
import type { RelayTransport } from "@ibkr-edge-gateway/protocol/relay/transport.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import type { Journal } from "../journal/relay-journal.ts";
import type { Connect } from "./relay-socket.ts";

/** How many journaled events are read at a time. */
const PUMP_BATCH = 64;
const CONGESTION_PROBE_MS = 50;

export interface CurrentSocketParts {
  readonly url: string;
  /** A new token of the device key, for the header of one dial. */
  readonly token: () => Promise<string>;
  readonly connect: Connect;
  readonly journal: Pick<Journal, "eventsAfter" | "terminal">;
  readonly now: () => number;
  readonly state: () => SidecarState;
  readonly dispatch: (input: SidecarInput) => void;
}

/** The one socket there is at a time, and what goes out by it. */
export class CurrentSocket {
  readonly #parts: CurrentSocketParts;
  #transport: RelayTransport | null = null;

  constructor(parts: CurrentSocketParts) {
    this.#parts = parts;
  }

  /** What comes from a socket that another dial has replaced is dropped. */
  dial(number: number): void {
    const { token, state, dispatch } = this.#parts;
    token().then(
      (signed) => {
        // While it was signed the dial may have been given up.
        if (number === state().dial && state().link.kind === "dialing") this.#open(number, signed);
      },
      (error) => {
        const why = error instanceof Error ? error.message : "unknown error";
        const message = `the device key could not sign (${why})`;
        if (number === state().dial) dispatch({ kind: "dial_failed", dial: number, message });
      },
    );
  }

  #open(number: number, token: string): void {
    const { url, connect, state, dispatch } = this.#parts;
    const inThisDial = (input: SidecarInput) => {
      if (number === state().dial) dispatch(input);
    };
    this.#transport = connect(url, token, {
      onOpen: () => inThisDial({ kind: "connected", dial: number }),
      onText: (text) => inThisDial({ kind: "frame", dial: number, text }),
      onBinary: () => inThisDial({ kind: "binary", dial: number }),
      onRefused: (message, more = {}) =>
        inThisDial({ kind: "dial_failed", dial: number, message, ...more }),
      onClosed: (code, reason) => inThisDial({ kind: "closed", dial: number, code, reason }),
    });
  }

  close(code: CloseCode, reason: string): void {
    this.#transport?.close(code, reason);
    this.#transport = null;
  }

  send(text: string): void {
    this.#transport?.send(text);
    this.#watchBuffer();
  }

  /** Hands journaled events to the transport, in order, as long as it takes them. */
  pump(number: number, after: number): void {
    const { journal, state, dispatch } = this.#parts;
    let through = after;
    while (number === state().dial && state().link.kind === "live" && !state().congested) {
      const batch = journal.eventsAfter(through, PUMP_BATCH);
      for (const { seq, type, payload } of batch) {
        this.send(this.#frame(type, JSON.parse(payload), { event_seq: seq }));
        through = seq;
      }
      if (batch.length < PUMP_BATCH) break;
    }
    dispatch({ kind: "pumped", dial: number, through });
  }

  /** Sends the stored end of a write again. */
  resend(jobId: string): void {
    const stored = this.#parts.journal.terminal(jobId);
    if (stored === null) return;
    const { terminal, seq } = stored;
    this.send(this.#frame(terminal.type, terminal.payload, { event_seq: seq }));
  }

  /** Answers `session.list_jobs`; the ends come from the journal. */
  listJobs({ requestId, jobs }: Extract<SidecarEffect, { kind: "list_jobs" }>): void {
    const entries = jobs.map(({ jobId, state: known }): ListedJob => {
      if (known !== "done") return { job_id: jobId, state: known };
      const stored = this.#parts.journal.terminal(jobId);
      if (stored === null) return { job_id: jobId, state: "forgotten" };
      return { job_id: jobId, state: "done", terminal: stored.terminal };
    });
    this.send(this.#frame("session.jobs", { jobs: entries }, { correlation_id: requestId }));
  }

  #frame(
    type: string,
    payload: unknown,
    head: { event_seq?: number; correlation_id?: string },
  ): string {
    const { now, state } = this.#parts;
    const { link, skewMs } = state();
    return encodeFrame({
      id: ulid(now()),
      ...head,
      ...(link.kind === "live" ? { session_id: link.session.id, epoch: link.session.epoch } : {}),
      type,
      now: now() + skewMs,
      payload,
    });
  }

  /** The transport is behind: nothing more is read from the broker for it until it has caught up. */
  #watchBuffer(): void {
    const { state, dispatch } = this.#parts;
    if (state().congested || this.#transport === null) return;
    if (this.#transport.buffered() <= SEND_BUFFER_MAX_BYTES) return;
    const { dial: number } = state();
    dispatch({ kind: "congested", dial: number, on: true });
    const probe = setInterval(() => {
      const transport = number === state().dial ? this.#transport : null;
      if (transport !== null && transport.buffered() > SEND_BUFFER_MAX_BYTES / 2) return;
      clearInterval(probe);
      if (transport !== null) dispatch({ kind: "congested", dial: number, on: false });
    }, CONGESTION_PROBE_MS);
    probe.unref();
  }
}
