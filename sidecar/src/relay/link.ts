import { setTimeout as sleep } from "node:timers/promises";
import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { SEND_BUFFER_MAX_BYTES } from "@ibkr-edge-gateway/protocol/limits.ts";
import { encodeFrame } from "@ibkr-edge-gateway/protocol/relay/codec.ts";
import { verifyEd25519 } from "@ibkr-edge-gateway/protocol/relay/edge-identity.ts";
import type { CloseCode } from "@ibkr-edge-gateway/protocol/relay/errors.ts";
import type { ListedJob } from "@ibkr-edge-gateway/protocol/relay/session-messages.ts";
import { sidecarDueAt, sidecarStep } from "@ibkr-edge-gateway/protocol/relay/sidecar/machine.ts";
import {
  initialSidecarState,
  type SidecarState,
} from "@ibkr-edge-gateway/protocol/relay/sidecar/state.ts";
import type {
  JobEnd,
  OperationLookup,
  SidecarEffect,
  SidecarEnv,
  SidecarInput,
} from "@ibkr-edge-gateway/protocol/relay/sidecar/step.ts";
import { rotationTranscript } from "@ibkr-edge-gateway/protocol/relay/transcript.ts";
import type { Transport } from "@ibkr-edge-gateway/protocol/relay/transport.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import type { Pairing } from "../config/pairing-file.ts";
import type { Journal, Loaded } from "../journal/journal.ts";
import type { OperationExecutor } from "../operations/executor.ts";
import type { DeviceKey } from "../trust/device-key.ts";
import type { LocalPolicy } from "../trust/local-policy.ts";
import { failedEnd } from "./job-end.ts";
import type { Connect } from "./socket.ts";

/** The part of a pino logger that the relay uses. */
export interface RelayLogger {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

export interface RelayLinkOptions {
  readonly pairing: Pairing;
  readonly deviceKey: DeviceKey;
  readonly policy: LocalPolicy;
  readonly journal: Journal;
  readonly executor: OperationExecutor;
  readonly operations: OperationLookup;
  readonly version: string;
  readonly logger: RelayLogger;
  readonly connect: Connect;
  /** Monotonic, in epoch milliseconds. */
  readonly now: () => number;
  readonly random: () => number;
  readonly random32: () => string;
  readonly onChange: (state: SidecarState) => void;
}

export interface RelayLink {
  start(): void;
  state(): SidecarState;
  /** Has the edge take a new device key; null when it did, else why not. */
  rotate(newKey: DeviceKey): Promise<string | null>;
  /**
   * Says goodbye and aborts what has not begun; a write that has begun is given a moment to end, so
   * that its outcome is known and journaled.
   */
  stop(reason: string): Promise<void>;
}

const PUMP_BATCH = 64;
const CONGESTION_LOOK_MS = 50;
/** How long a write that has begun may take to end when the sidecar is stopped. */
const STOP_GRACE_MS = 2_000;
const STOP_LOOK_MS = 20;

/**
 * Drives the sidecar's protocol machine: socket, journal, keys, timers and the broker side on one
 * side, values on the other. The journal is written before anything that depends on it happens.
 */
export function createRelayLink(options: RelayLinkOptions): RelayLink {
  const { pairing, journal, executor, logger, now } = options;
  const running = new Map<string, AbortController>();
  const loaded = journal.load();
  let state = initialSidecarState(loaded.index, loaded.jobs);
  let transport: Transport | null = null;
  let timer: { handle: NodeJS.Timeout; at: number } | null = null;
  let rotation: ((refusal: string | null) => void) | null = null;
  const unsubscribe = executor.onEvent(({ type, payload }) => {
    if (typeof payload !== "object" || payload === null || Array.isArray(payload)) return;
    dispatch({ kind: "event", type, payload });
  });

  function env(): SidecarEnv {
    return {
      now: now(),
      origin: pairing.gateway_origin,
      account: pairing.account_id,
      sidecar: pairing.sidecar_id,
      version: options.version,
      fingerprint: options.deviceKey.fingerprint,
      offered: options.policy.offer,
      brokerAccounts: options.policy.broker_accounts,
      operations: options.operations,
      ulid: () => ulid(now()),
      random32: options.random32,
      random: options.random,
    };
  }

  function dispatch(input: SidecarInput): void {
    const before = state;
    const step = sidecarStep(state, input, env());
    if (step.writes.length > 0) {
      try {
        journal.commit(step.writes);
      } catch (error) {
        logger.error({ err: error }, "the journal could not be written");
        dispatch({ kind: "unjournaled", input });
        return;
      }
    }
    state = step.state;
    if (step.writes.some(({ kind }) => kind === "acked")) {
      const measured = { kind: "measured", unackedBytes: journal.unackedBytes() } as const;
      state = sidecarStep(state, measured, env()).state;
    }
    for (const effect of step.effects) perform(effect);
    arm();
    if (before.link !== state.link) {
      report(before);
      options.onChange(state);
    }
  }

  function perform(effect: SidecarEffect): void {
    switch (effect.kind) {
      case "dial":
        dial(effect.dial);
        return;
      case "send":
        sendText(effect.text);
        return;
      case "close":
        hangUp(effect.code, effect.reason);
        return;
      case "sign_token":
        void options.deviceKey
          .openToken({
            audience: pairing.gateway_origin,
            subject: pairing.sidecar_id,
            nowMs: now() + effect.skewMs,
            jti: ulid(now()),
          })
          .then((token) => dispatch({ kind: "token_signed", dial: effect.dial, token }));
        return;
      case "sign_answer": {
        const response = options.deviceKey.sign(effect.message);
        dispatch({ kind: "answer_signed", dial: effect.dial, response });
        return;
      }
      case "check_proof":
        void verifyEd25519(pairing.edge_identity_key, effect.message, effect.proof).then((valid) =>
          dispatch({ kind: "proof_checked", dial: effect.dial, valid }),
        );
        return;
      case "execute":
        void execute(effect);
        return;
      case "abort":
        running.get(effect.jobId)?.abort();
        // What it still has to say is about a job that is over: the same id may come again.
        running.delete(effect.jobId);
        return;
      case "pump":
        pump(effect.dial, effect.after);
        return;
      case "resend_terminal":
        resend(effect.jobId);
        return;
      case "list_jobs":
        listJobs(effect);
        return;
      case "rotated":
        rotation?.(effect.refusal);
        rotation = null;
        return;
      case "restart_journal":
        restartJournal();
    }
  }

  function restartJournal(): void {
    logger.warn({}, "the gateway does not know this journal; beginning a new one");
    let fresh: Loaded;
    try {
      fresh = journal.restart();
    } catch (error) {
      logger.error({ err: error }, "a new journal could not be begun; only reads go on");
      dispatch({ kind: "journal_stuck" });
      return;
    }
    dispatch({ kind: "journal_restarted", journal: fresh.index, jobs: fresh.jobs });
  }

  function dial(number: number): void {
    const inThisDial = (input: SidecarInput) => {
      if (number === state.dial) dispatch(input);
    };
    transport = options.connect(pairing.relay_url, {
      onOpen: () => inThisDial({ kind: "connected", dial: number }),
      onText: (text) => inThisDial({ kind: "frame", dial: number, text }),
      onBinary: () => inThisDial({ kind: "binary", dial: number }),
      onRefused: (message, retryAfterMs) =>
        inThisDial({
          kind: "dial_failed",
          dial: number,
          message,
          ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
        }),
      onClosed: (code, reason) => inThisDial({ kind: "closed", dial: number, code, reason }),
    });
  }

  function hangUp(code: CloseCode, reason: string): void {
    transport?.close(code, reason);
    transport = null;
  }

  function sendText(text: string): void {
    transport?.send(text);
    watchBuffer();
  }

  /** The transport is behind: nothing more is read from the broker for it until it has caught up. */
  function watchBuffer(): void {
    if (state.congested || transport === null) return;
    if (transport.buffered() <= SEND_BUFFER_MAX_BYTES) return;
    const { dial: number } = state;
    dispatch({ kind: "congested", dial: number, on: true });
    const look = setInterval(() => {
      const over = number !== state.dial || transport === null;
      if (!over && transport !== null && transport.buffered() > SEND_BUFFER_MAX_BYTES / 2) return;
      clearInterval(look);
      if (!over) dispatch({ kind: "congested", dial: number, on: false });
    }, CONGESTION_LOOK_MS);
    look.unref();
  }

  async function execute({ job, class: kind }: Extract<SidecarEffect, { kind: "execute" }>) {
    const controller = new AbortController();
    const jobId = job.job_id;
    running.set(jobId, controller);
    try {
      const result = await executor.execute({
        operation: job.operation,
        input: job.input,
        deadlineMs: job.deadline_ms,
        signal: controller.signal,
        jobId,
        grant: {
          capability: job.grant.capability,
          brokerAccount: job.grant.broker_account ?? null,
        },
        ...(kind === "write" ? { begin: () => begin(jobId) } : {}),
      });
      finish(jobId, controller, { ok: true, result });
    } catch (error) {
      if (!(error instanceof GatewayError) && !controller.signal.aborted) {
        logger.error({ operation: job.operation, err: error }, "an operation failed unexpectedly");
      }
      finish(jobId, controller, failedEnd(error));
    }
  }

  function finish(jobId: string, controller: AbortController, end: JobEnd): void {
    if (running.get(jobId) !== controller) return;
    running.delete(jobId);
    dispatch({ kind: "finished", jobId, end });
  }

  function begin(jobId: string): void {
    dispatch({ kind: "begin", jobId });
    if (state.jobs.get(jobId)?.state === "started") return;
    throw new GatewayError(
      failure("DEADLINE_EXCEEDED", "This was cancelled or ran out of time before it was begun.", {
        retryable: true,
      }),
    );
  }

  /** Hands journaled events to the transport, in order, as long as it takes them. */
  function pump(number: number, after: number): void {
    let through = after;
    while (number === state.dial && state.link.kind === "live" && !state.congested) {
      const batch = journal.eventsAfter(through, PUMP_BATCH);
      for (const { seq, type, payload } of batch) {
        sendText(frameOf(type, JSON.parse(payload), { event_seq: seq }));
        through = seq;
      }
      if (batch.length < PUMP_BATCH) break;
    }
    dispatch({ kind: "pumped", dial: number, through });
  }

  function resend(jobId: string): void {
    const stored = journal.terminal(jobId);
    if (stored === null) return;
    const { terminal, seq } = stored;
    sendText(frameOf(terminal.type, terminal.payload, { event_seq: seq }));
  }

  function listJobs({ requestId, jobs }: Extract<SidecarEffect, { kind: "list_jobs" }>): void {
    const entries = jobs.map(({ jobId, state: known }): ListedJob => {
      if (known !== "done") return { job_id: jobId, state: known };
      const stored = journal.terminal(jobId);
      if (stored === null) return { job_id: jobId, state: "forgotten" };
      return { job_id: jobId, state: "done", terminal: stored.terminal };
    });
    sendText(frameOf("session.jobs", { jobs: entries }, { correlation_id: requestId }));
  }

  function frameOf(
    type: string,
    payload: unknown,
    head: { event_seq?: number; correlation_id?: string },
  ): string {
    const { link, skewMs } = state;
    return encodeFrame({
      id: ulid(now()),
      ...head,
      ...(link.kind === "live" ? { session_id: link.session.id, epoch: link.session.epoch } : {}),
      type,
      now: now() + skewMs,
      payload,
    });
  }

  function arm(): void {
    const at = sidecarDueAt(state);
    if (timer !== null && timer.at === at) return;
    if (timer !== null) clearTimeout(timer.handle);
    timer = null;
    if (at === null || !Number.isFinite(at)) return;
    const handle = setTimeout(
      () => {
        timer = null;
        dispatch({ kind: "tick" });
      },
      Math.max(0, at - now()),
    );
    timer = { handle, at };
  }

  function report(before: SidecarState): void {
    const { link, trouble } = state;
    if (link.kind === "live") {
      if (before.link.kind === "live") return;
      const { epoch, capabilities } = link.session;
      logger.info({ epoch, capabilities }, "connected to the gateway");
    } else if (link.kind === "stopped") {
      const level = before.link.kind === "live" && link.code === 1000 ? "info" : "error";
      logger[level]({ code: link.code, reason: link.reason }, "the relay has stopped");
    } else if (before.link.kind === "live") {
      logger.warn({ trouble }, "the connection to the gateway was lost");
    } else if (link.kind === "waiting" && Number.isFinite(link.until)) {
      logger.debug({ trouble, wait_ms: Math.round(link.until - now()) }, "waiting to dial again");
    }
  }

  return {
    rotate(newKey) {
      const { link } = state;
      if (link.kind !== "live") return Promise.resolve("not connected");
      const message = rotationTranscript({
        origin: pairing.gateway_origin,
        account: pairing.account_id,
        sidecar: pairing.sidecar_id,
        sessionId: link.session.id,
        publicKey: newKey.publicKey,
      });
      return new Promise((resolve) => {
        rotation = resolve;
        dispatch({
          kind: "rotate",
          publicKey: newKey.publicKey,
          oldSignature: options.deviceKey.sign(message),
          newSignature: newKey.sign(message),
        });
      });
    },
    start: () => dispatch({ kind: "start" }),
    state: () => state,
    async stop(reason) {
      unsubscribe();
      dispatch({ kind: "stop", reason });
      const begun = () =>
        [...running.keys()].filter((jobId) => state.jobs.get(jobId)?.state === "started");
      for (const [jobId, controller] of running) {
        if (state.jobs.get(jobId)?.state !== "started") controller.abort();
      }
      const end = now() + STOP_GRACE_MS;
      while (begun().length > 0 && now() < end) await sleep(STOP_LOOK_MS);
      for (const controller of running.values()) controller.abort();
      running.clear();
      if (timer !== null) clearTimeout(timer.handle);
      timer = null;
    },
  };
}
