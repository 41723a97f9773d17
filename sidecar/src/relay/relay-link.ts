import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import {
  sidecarDueAt,
  sidecarStep,
} from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-machine.ts";
import {
  initialSidecarState,
  type SidecarState,
} from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-state.ts";
import type {
  SidecarEffect,
  SidecarInput,
} from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-step.ts";
import type { Loaded } from "../journal/relay-journal.ts";
import type { DeviceKey } from "../trust/pc-keys/device-key.ts";
import { CurrentSocket } from "./current-socket.ts";
import { DueTimer } from "./due-timer.ts";
import { type KeyEffect, rotationTo, upgradeToken, useKey } from "./key-work.ts";
import { logConnection } from "./log-connection.ts";
import type { RelayLink, RelayLinkOptions } from "./relay-link-interface.ts";
import { RunningJobs } from "./running-jobs.ts";
import { sidecarEnv } from "./sidecar-env.ts";

export const createRelayLink = (options: RelayLinkOptions): RelayLink => new SidecarDriver(options);

/**
 * Drives the sidecar's protocol machine. Its rooms: `current-socket.ts` (the socket and what goes out by
 * it), `running-jobs.ts` (the broker side), `key-work.ts` (signing and verifying), `due-timer.ts`
 * (time), `log-connection.ts` (what the operator reads). The journal is written before anything that depends on it happens.
 */
class SidecarDriver implements RelayLink {
  readonly #options: RelayLinkOptions;
  readonly #socket: CurrentSocket;
  readonly #jobs: RunningJobs;
  readonly #timer: DueTimer;
  readonly #unsubscribe: () => void;
  #state: SidecarState;
  #rotation: ((refusal: string | null) => void) | null = null;

  constructor(options: RelayLinkOptions) {
    const { pairing, connect, journal, executor, logger, now } = options;
    this.#options = options;
    const loaded = journal.load();
    this.#state = initialSidecarState(loaded.index, loaded.jobs);
    const dispatch = (input: SidecarInput) => this.#dispatch(input);
    const state = () => this.#state;
    this.#socket = new CurrentSocket({
      url: pairing.relay_url,
      token: () => upgradeToken(options, this.#state.skewMs),
      connect,
      journal,
      now,
      state,
      dispatch,
    });
    this.#jobs = new RunningJobs({
      executor,
      logger,
      now,
      begin: (jobId) => this.#begin(jobId),
      finished: (jobId, end) => dispatch({ kind: "finished", jobId, end }),
      hasBegun: (jobId) => this.#hasBegun(jobId),
    });
    this.#timer = new DueTimer(now, () => dispatch({ kind: "tick" }));
    this.#unsubscribe = executor.onEvent(
      ({ type, payload }) => {
        if (typeof payload !== "object" || payload === null || Array.isArray(payload)) return;
        dispatch({ kind: "event", type, payload });
      },
      { fromStart: true },
    );
  }

  /** One step: its writes to the journal, then the state, then the effects in their order. */
  #dispatch(input: SidecarInput): void {
    const { journal, logger } = this.#options;
    const before = this.#state;
    const step = sidecarStep(before, input, sidecarEnv(this.#options));
    if (step.writes.length > 0) {
      try {
        journal.commit(step.writes);
      } catch (error) {
        logger.error({ err: error }, "the journal could not be written");
        this.#dispatch({ kind: "unjournaled", input });
        return;
      }
    }
    this.#state = step.state;
    if (step.writes.some(({ kind }) => kind === "acked")) {
      const measured = { kind: "measured", unackedBytes: journal.unackedBytes() } as const;
      this.#state = sidecarStep(this.#state, measured, sidecarEnv(this.#options)).state;
    }
    for (const effect of step.effects) this.#perform(effect);
    this.#timer.set(sidecarDueAt(this.#state));
    if (before.link !== this.#state.link) {
      logConnection(logger, before, this.#state, this.#options.now());
      this.#options.onChange(this.#state);
    }
  }

  #perform(effect: SidecarEffect): void {
    switch (effect.kind) {
      case "dial":
        this.#socket.dial(effect.dial);
        return;
      case "send":
        this.#socket.send(effect.text);
        return;
      case "close":
        this.#socket.close(effect.code, effect.reason);
        return;
      case "sign_token":
      case "sign_answer":
      case "check_proof":
        this.#useKey(effect);
        return;
      case "execute":
        void this.#jobs.execute(effect);
        return;
      case "abort":
        this.#jobs.abort(effect.jobId);
        return;
      case "pump":
        this.#socket.pump(effect.dial, effect.after);
        return;
      case "resend_terminal":
        this.#socket.resend(effect.jobId);
        return;
      case "list_jobs":
        this.#socket.listJobs(effect);
        return;
      case "witness":
        this.#witness(effect);
        return;
      case "rotated":
        this.#rotation?.(effect.refusal);
        this.#rotation = null;
        return;
      case "restart_journal":
        this.#restartJournal();
        return;
    }
  }

  #useKey(effect: KeyEffect): void {
    const input = useKey(this.#options, effect);
    if (input instanceof Promise) void input.then((later) => this.#dispatch(later));
    else this.#dispatch(input);
  }

  /** A PC without a witness says nothing, like one of an older version. */
  #witness({ dial, head }: Extract<SidecarEffect, { kind: "witness" }>): void {
    const { witness, logger } = this.#options;
    void witness?.judge(head).then(
      (answer) => this.#dispatch({ kind: "witnessed", dial, answer }),
      (error) => logger.error({ err: error }, "a head of the audit log could not be judged"),
    );
  }

  #restartJournal(): void {
    const { journal, logger } = this.#options;
    logger.warn({}, "the gateway does not know this journal; beginning a new one");
    let fresh: Loaded;
    try {
      fresh = journal.restart();
    } catch (error) {
      logger.error({ err: error }, "a new journal could not be begun; only reads go on");
      this.#dispatch({ kind: "journal_stuck" });
      return;
    }
    this.#dispatch({ kind: "journal_restarted", journal: fresh.index, jobs: fresh.jobs });
  }

  #begin(jobId: string): void {
    this.#dispatch({ kind: "begin", jobId });
    if (this.#hasBegun(jobId)) return;
    const message = "This was cancelled or ran out of time before it was begun.";
    throw new GatewayError(failure("DEADLINE_EXCEEDED", message, { retryable: true }));
  }

  #hasBegun(jobId: string): boolean {
    return this.#state.jobs.get(jobId)?.state === "started";
  }

  start(): void {
    this.#dispatch({ kind: "start" });
  }

  state(): SidecarState {
    return this.#state;
  }

  rotate(newKey: DeviceKey): Promise<string | null> {
    const { link } = this.#state;
    if (link.kind !== "live") return Promise.resolve("not connected");
    const input = rotationTo(this.#options, newKey, link.session.id);
    return new Promise((resolve) => {
      this.#rotation = resolve;
      this.#dispatch(input);
    });
  }

  async stop(reason: string): Promise<void> {
    this.#unsubscribe();
    this.#dispatch({ kind: "stop", reason });
    await this.#jobs.stop();
    this.#timer.set(null);
  }
}
