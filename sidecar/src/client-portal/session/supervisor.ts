import { createHash, randomBytes } from "node:crypto";
import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { BrokerSession } from "@ibkr-edge-gateway/protocol/operations/session-status.ts";
import type { Clock } from "../clock.ts";
import { LIMITS } from "../limits.ts";
import type { BrokerLogger } from "../logger.ts";
import type { PaceName } from "../pacing/windows.ts";
import type { Wire, WireOutcome } from "../wire.ts";
import { describe, readsIn, type Surroundings, stateOf } from "./describe.ts";
import { decide, type Step } from "./next-probe.ts";
import { readAuthStatus, readPrime, readSso, readTickle } from "./read-auth.ts";
import { apply } from "./reduce.ts";
import { type Belief, initialBelief, type Observation, type Probe } from "./state.ts";
import type { SessionStore } from "./store.ts";

/**
 * The rim around the pure session core: one loop that asks what `decide` says, one question at a
 * time, so that a late answer can never overwrite a newer one.
 */
export interface Supervisor {
  belief(): Belief;
  session(): BrokerSession;
  /** What may be asked now; the cheap part of `session`. */
  reads(): BrokerSession["reads"];
  /** The WebSocket's credential, from the last tickle; null while there is none. */
  streamCredential(): string | null;
  observe(seen: Observation): void;
  /** Look again now instead of at the planned time; resolves when something was seen, or in vain after `patienceMs`. */
  renew(patienceMs: number): Promise<void>;
  /** Called after each change; `before` is the belief it replaced. */
  onChange(listener: (belief: Belief, before: Belief) => void): () => void;
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

/** Looking more often than this tells nothing new. */
const RENEW_GAP_MS = 5_000;

const PROBES: Record<
  Exclude<Probe, "prime">,
  { method: "GET" | "POST"; path: string; pace: PaceName; body?: unknown; timeoutMs?: number }
> = {
  status: { method: "POST", path: "/iserver/auth/status", pace: "any" },
  tickle: { method: "POST", path: "/tickle", pace: "tickle" },
  validate: { method: "GET", path: "/sso/validate", pace: "sso_validate" },
  init: {
    method: "POST",
    path: "/iserver/auth/ssodh/init",
    pace: "any",
    body: { publish: true, compete: false },
    timeoutMs: LIMITS.loginTimeoutMs,
  },
  takeover: {
    method: "POST",
    path: "/iserver/auth/ssodh/init",
    pace: "any",
    body: { publish: true, compete: true },
    timeoutMs: LIMITS.loginTimeoutMs,
  },
};

export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { clock, logger, store, wire } = options;
  const kept = store.load();
  let belief = initialBelief({
    lastGeneration: kept?.last_generation ?? 0,
    init: { failures: kept?.init_failures ?? 0, nextAt: kept?.init_next_at ?? 0 },
  });
  const listeners = new Set<(belief: Belief, before: Belief) => void>();
  const salt = randomBytes(16);
  let credential: string | null = null;
  let closed = false;
  let wake = (): void => {};
  let loop: Promise<void> = Promise.resolve();
  const stop = new AbortController();

  const change = (next: Belief): void => {
    const before = belief;
    if (next === before) return;
    belief = next;
    if (
      next.lastGeneration !== before.lastGeneration ||
      next.init.failures !== before.init.failures ||
      next.init.nextAt !== before.init.nextAt
    ) {
      store.save({
        v: 1,
        last_generation: next.lastGeneration,
        init_failures: next.init.failures,
        init_next_at: next.init.nextAt,
      });
    }
    for (const listener of listeners) listener(next, before);
  };

  const observe = (seen: Observation): void => {
    change(apply(belief, seen, clock.now()));
    wake();
  };

  const identityOf = (session: string | null, userId: string | null): string | null =>
    session === null
      ? null
      : createHash("sha256")
          .update(salt)
          .update(`${session}\n${userId ?? ""}`)
          .digest("base64url");

  const meaningOf = (probe: Probe, outcome: WireOutcome): Observation => {
    switch (outcome.kind) {
      case "failed":
        if (outcome.error.fault === "dial_refused") return { kind: "dial_refused" };
        if (outcome.error.fault === "certificate_changed") return { kind: "certificate_changed" };
        return { kind: "unavailable", probe };
      case "denied":
        return { kind: "access_denied" };
      case "rate_limited":
        return { kind: "rate_limited", until: clock.now() + LIMITS.penaltyMs };
      case "unauthorized":
        return { kind: "unauthorized", probe };
      case "no_brokerage":
        return {
          kind: "auth",
          probe,
          auth: {
            authenticated: false,
            established: false,
            connected: null,
            competing: null,
            fail: "",
            serverVersion: null,
          },
          identity: null,
        };
      case "ok":
        return readProbe(probe, outcome.json);
      default:
        return { kind: "unavailable", probe };
    }
  };

  const readProbe = (probe: Probe, json: unknown): Observation => {
    if (probe === "validate") {
      const sso = readSso(json);
      return sso === null ? { kind: "unavailable", probe } : { kind: "sso", sso };
    }
    if (probe === "tickle") {
      const facts = readTickle(json);
      if (facts === null) return { kind: "unavailable", probe };
      credential = facts.session;
      return {
        kind: "auth",
        probe,
        auth: facts.auth,
        identity: identityOf(facts.session, facts.userId),
      };
    }
    const auth = readAuthStatus(json);
    return auth === null
      ? { kind: "unavailable", probe }
      : { kind: "auth", probe, auth, identity: null };
  };

  const ask = async (probe: Exclude<Probe, "prime">): Promise<Observation> => {
    const { pace, ...request } = PROBES[probe];
    try {
      const outcome = await wire.call({
        ...request,
        pace,
        priority: "keepalive",
        maxWaitMs: 10_000,
        signal: stop.signal,
      });
      return meaningOf(probe, outcome);
    } catch (error) {
      if (error instanceof GatewayError) return { kind: "not_asked", probe };
      throw error;
    }
  };

  /** `/iserver/accounts` first; everything else of the broker refuses to answer before it. */
  const prime = async (): Promise<Observation> => {
    try {
      const outcome = await wire.call({
        method: "GET",
        path: "/iserver/accounts",
        pace: "any",
        priority: "reconcile",
        maxWaitMs: 10_000,
        signal: stop.signal,
      });
      if (outcome.kind !== "ok") return meaningOf("prime", outcome);
      const facts = readPrime(outcome.json);
      if (facts === null || facts.accounts.length === 0)
        return { kind: "unavailable", probe: "prime" };
      const warmed = await options.warm();
      return warmed ? { kind: "primed", facts } : { kind: "unavailable", probe: "prime" };
    } catch (error) {
      if (error instanceof GatewayError) return { kind: "not_asked", probe: "prime" };
      throw error;
    }
  };

  const perform = async (probe: Probe): Promise<void> => {
    change({ ...belief, probedAt: { ...belief.probedAt, [probe]: clock.now() } });
    if (probe === "init" || probe === "takeover")
      logger.info({ probe }, "asking for the broker session");
    const seen = probe === "prime" ? await prime() : await ask(probe);
    if (!closed) change(apply(belief, seen, clock.now()));
  };

  const run = async (): Promise<void> => {
    while (!closed) {
      const now = clock.now();
      const decided = decide(belief, now);
      const step: Step =
        decided.probe === "init" && options.mayInit === false
          ? { probe: "status", at: Math.max(decided.at, now + LIMITS.loginPollMs) }
          : decided;
      if (step.at <= now) {
        try {
          await perform(step.probe);
        } catch (error) {
          logger.error({ err: error }, "session probe failed unexpectedly");
          change(apply(belief, { kind: "unavailable", probe: step.probe }, clock.now()));
        }
        continue;
      }
      await new Promise<void>((resolve) => {
        const cancel = clock.after(step.at - now, resolve);
        wake = () => {
          cancel();
          resolve();
        };
      });
      wake = () => {};
      if (!closed && clock.now() - step.at > LIMITS.sleepGapMs) {
        change(apply(belief, { kind: "woke" }, clock.now()));
      }
    }
  };

  return {
    belief: () => belief,
    session: () => describe(belief, clock.now(), options.around),
    reads: () => readsIn(belief, stateOf(belief, clock.now(), options.around.resetZone)),
    streamCredential: () => credential,
    observe,
    renew: (patienceMs) => {
      const last = Math.max(belief.probedAt.tickle ?? 0, belief.probedAt.status ?? 0);
      if (clock.now() - last < RENEW_GAP_MS) return Promise.resolve();
      const { tickle: _tickle, status: _status, ...others } = belief.probedAt;
      return new Promise((resolve) => {
        const done = (): void => {
          cancel();
          listeners.delete(onSeen);
          resolve();
        };
        const onSeen = (now: Belief, before: Belief): void => {
          if (now.observedAt !== before.observedAt) done();
        };
        const cancel = clock.after(patienceMs, done);
        listeners.add(onSeen);
        change({ ...belief, probedAt: others });
        wake();
      });
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    start: () => {
      loop = run();
    },
    close: async () => {
      closed = true;
      stop.abort();
      wake();
      await loop;
    },
  };
}
