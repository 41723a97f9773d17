import type { BrokerSession } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";
import type { Clock } from "../clock.ts";
import { LIMITS } from "../limits.ts";
import type { BrokerLogger } from "../logger.ts";
import type { Wire } from "../paced-wire.ts";
import { describe, readsIn, type Surroundings, stateOf } from "./describe-session.ts";
import { nextProbe, type PlannedProbe } from "./next-probe.ts";
import { createProber, type Prober } from "./prober.ts";
import { reduce } from "./reduce.ts";
import {
  initialSession,
  type Observation,
  type Probe,
  type SessionState,
} from "./session-state.ts";
import type { SessionStore } from "./session-store.ts";

/**
 * Drives the session: one loop that asks what `nextProbe` says, one question at a time, so that a
 * late answer can never overwrite a newer one. What an answer changes is for `reduce` to say.
 */
export interface Supervisor {
  state(): SessionState;
  session(): BrokerSession;
  /** What may be asked now; the cheap part of `session`. */
  reads(): BrokerSession["reads"];
  /** The WebSocket's credential, from the last tickle; null while there is none. */
  streamCredential(): string | null;
  observe(seen: Observation): void;
  /** Look again now instead of at the planned time; resolves when something was seen, or in vain after `patienceMs`. */
  renew(patienceMs: number): Promise<void>;
  /** Called after each change; `before` is the state it replaced. */
  onChange(listener: SessionListener): () => void;
  start(): void;
  close(): Promise<void>;
}

export interface SupervisorOptions {
  wire: Wire;
  clock: Clock;
  store: SessionStore;
  logger: BrokerLogger;
  around: Surroundings;
  /** The reads that make a generation usable, besides `/iserver/accounts`. */
  warm(): Promise<boolean>;
  /** False for a mere look: then only the owner's takeover asks for the session. Default true. */
  mayInit?: boolean;
}

type SessionListener = (session: SessionState, before: SessionState) => void;

/** Looking more often than this tells nothing new. */
const RENEW_GAP_MS = 5_000;

export const createSupervisor = (options: SupervisorOptions): Supervisor =>
  new SupervisorDriver(options);

class SupervisorDriver implements Supervisor {
  readonly #options: SupervisorOptions;
  readonly #prober: Prober;
  readonly #listeners = new Set<SessionListener>();
  readonly #stop = new AbortController();
  #state: SessionState;
  #wake: () => void = () => {};
  #loop: Promise<void> = Promise.resolve();

  constructor(options: SupervisorOptions) {
    const { wire, clock, warm, store } = options;
    const kept = store.load();
    this.#options = options;
    this.#prober = createProber({ wire, clock, warm, signal: this.#stop.signal });
    this.#state = initialSession({
      lastGeneration: kept?.last_generation ?? 0,
      init: { failures: kept?.init_failures ?? 0, nextAt: kept?.init_next_at ?? 0 },
    });
  }

  state(): SessionState {
    return this.#state;
  }

  session(): BrokerSession {
    const { clock, around } = this.#options;
    return describe(this.#state, clock.now(), around);
  }

  reads(): BrokerSession["reads"] {
    const { clock, around } = this.#options;
    return readsIn(this.#state, stateOf(this.#state, clock.now(), around.resetZone));
  }

  streamCredential(): string | null {
    return this.#prober.credential();
  }

  observe(seen: Observation): void {
    this.#see(seen);
    this.#wake();
  }

  renew(patienceMs: number): Promise<void> {
    const { clock } = this.#options;
    const { tickle, status, ...others } = this.#state.probedAt;
    if (clock.now() - Math.max(tickle ?? 0, status ?? 0) < RENEW_GAP_MS) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        stopListening();
        resolve();
      };
      const cancel = clock.after(patienceMs, done);
      const stopListening = this.onChange((now, before) => {
        if (now.observedAt !== before.observedAt) done();
      });
      this.#change({ ...this.#state, probedAt: others });
      this.#wake();
    });
  }

  onChange(listener: SessionListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    this.#loop = this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#wake();
    await this.#loop;
  }

  get #closed(): boolean {
    return this.#stop.signal.aborted;
  }

  #see(seen: Observation): void {
    this.#change(reduce(this.#state, seen, this.#options.clock.now()));
  }

  #change(next: SessionState): void {
    const before = this.#state;
    if (next === before) return;
    this.#state = next;
    if (
      next.lastGeneration !== before.lastGeneration ||
      next.init.failures !== before.init.failures ||
      next.init.nextAt !== before.init.nextAt
    ) {
      this.#options.store.save({
        v: 1,
        last_generation: next.lastGeneration,
        init_failures: next.init.failures,
        init_next_at: next.init.nextAt,
      });
    }
    for (const listener of this.#listeners) listener(next, before);
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      const planned = this.#planned();
      if (planned.at <= this.#options.clock.now()) await this.#perform(planned.probe);
      else await this.#sleepUntil(planned.at);
    }
  }

  /** A mere look does not ask for the session. */
  #planned(): PlannedProbe {
    const now = this.#options.clock.now();
    const planned = nextProbe(this.#state, now);
    return planned.probe === "init" && this.#options.mayInit === false
      ? { probe: "status", at: Math.max(planned.at, now + LIMITS.loginPollMs) }
      : planned;
  }

  async #perform(probe: Probe): Promise<void> {
    const { clock, logger } = this.#options;
    try {
      const probedAt = { ...this.#state.probedAt, [probe]: clock.now() };
      this.#change({ ...this.#state, probedAt });
      if (probe === "init" || probe === "takeover") {
        logger.info({ probe }, "asking for the broker session");
      }
      const seen = await this.#prober.ask(probe);
      if (!this.#closed) this.#see(seen);
    } catch (error) {
      logger.error({ err: error }, "session probe failed unexpectedly");
      this.#see({ kind: "unavailable", probe });
    }
  }

  async #sleepUntil(at: number): Promise<void> {
    const { clock } = this.#options;
    await new Promise<void>((resolve) => {
      const cancel = clock.after(at - clock.now(), resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
    this.#wake = () => {};
    if (!this.#closed && clock.now() - at > LIMITS.sleepGapMs) this.#see({ kind: "woke" });
  }
}
