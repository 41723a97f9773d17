import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { type Clock, sleep } from "./clock.ts";
import { LIMITS } from "./limits.ts";
import type { BrokerLogger } from "./logger.ts";
import type { Priority } from "./pacing/pacer.ts";
import type { PaceName } from "./pacing/windows.ts";
import { deadline, generalFailure, unavailable, unreadable } from "./read-failure.ts";
import { sessionRefusal } from "./session/refusal.ts";
import type { Supervisor } from "./session/supervisor.ts";
import type { Wire, WireOutcome } from "./wire.ts";

/**
 * Reads of the broker: gated by the session, paced, coalesced, cached for a moment, repeated where
 * that is harmless, and decoded. Whatever comes out is either what the broker said (with its age)
 * or a `GatewayError`; never a guess.
 */
export interface Ask<T> {
  /** What it is called in logs; paths hold account ids and stay out of them. */
  name: string;
  method?: "GET" | "POST";
  path: string;
  query?: Readonly<Record<string, string>>;
  body?: unknown;
  /** Which layer of the session it needs; `nothing` is for the prime itself. */
  needs: "nothing" | "sso" | "brokerage";
  pace?: PaceName;
  priority?: Priority;
  /** How long an answer may be shown again, with its age. */
  ttlMs: number;
  timeoutMs?: number;
  /** A cold service answers with nothing at first: such an answer is read again before it is believed. */
  isCold?(value: T): boolean;
  /** Questions that warm the same service share this; by default a question warms itself only. */
  warms?: string;
  /** Refusals that a cold service gives to what it will answer a moment later. */
  coldStatus?: readonly number[];
  /** Throws when the answer is not what it should be. */
  decode(json: unknown): T;
  /** What a refusal of this question means, where it means something particular. */
  onRefused?(status: number, text: string): GatewayError | null;
  /** What a 2xx without a body means, where it is not a fault. */
  onEmpty?(): T;
}

export interface Answer<T> {
  value: T;
  /** When the broker gave it, ms. */
  at: number;
  from: "broker" | "cache" | "stale";
  /** False when an empty or partial answer could not be confirmed. */
  proved: boolean;
}

export interface AskOptions {
  signal?: AbortSignal;
  /** The call's own time limit, for how long it may wait in the line. */
  maxWaitMs?: number;
  /** Ask the broker even if a cached answer would do. */
  fresh?: boolean;
  /** Do not join a read that began before. */
  alone?: boolean;
  /** Do not look again at a cold answer; it is then kept as unproved. */
  firstLookOnly?: boolean;
}

export interface Portal {
  ask<T>(ask: Ask<T>, options?: AskOptions): Promise<Answer<T>>;
}

interface Kept {
  json: unknown;
  empty: boolean;
  at: number;
  proved: boolean;
}

export function createPortal(options: {
  wire: Wire;
  supervisor: Supervisor;
  clock: Clock;
  logger: BrokerLogger;
  random(): number;
}): Portal {
  const { clock, supervisor, wire, logger } = options;
  let cache = new Map<string, Kept>();
  let underWay = new Map<string, Promise<Kept>>();
  /** When each question was first answered in this session; an empty answer counts after that. */
  let firstAnswered = new Map<string, number>();

  supervisor.onChange((belief, before) => {
    const ended = before.generation !== null && belief.generation !== before.generation;
    if (ended || before.identity !== belief.identity || belief.sso === "dead") {
      cache = new Map();
      underWay = new Map();
      firstAnswered = new Map();
    }
  });

  const keep = (into: Map<string, Kept>, key: string, kept: Kept): void => {
    // The session that asked may be over: then its answer is not remembered for the next one.
    if (into !== cache) return;
    cache.delete(key);
    cache.set(key, kept);
    if (cache.size <= LIMITS.cacheEntries) return;
    const oldest = cache.keys().next();
    if (!oldest.done) cache.delete(oldest.value);
  };

  const gate = <T>(ask: Ask<T>): GatewayError | null => {
    if (ask.needs === "nothing") return null;
    const reads = supervisor.reads();
    const open = reads === "all" || (ask.needs === "sso" && reads === "portfolio_only");
    return open ? null : sessionRefusal(supervisor.session(), clock.now());
  };

  const fetchOnce = async <T>(ask: Ask<T>, call: AskOptions): Promise<Kept> => {
    const outcome = await attempt(ask, call);
    switch (outcome.kind) {
      case "ok":
      case "empty": {
        const kept: Kept = {
          json: outcome.kind === "ok" ? outcome.json : null,
          empty: outcome.kind === "empty",
          at: clock.now(),
          proved: true,
        };
        // What cannot be read is a failure of this moment; it is not kept for the next.
        decode(ask, kept);
        return kept;
      }
      default:
        throw failureOf(ask, outcome);
    }
  };

  const attempt = async <T>(ask: Ask<T>, call: AskOptions): Promise<WireOutcome> => {
    let primed = false;
    for (let tries = 0; ; tries++) {
      const outcome = await wire.call({
        method: ask.method ?? "GET",
        path: ask.path,
        ...(ask.query === undefined ? {} : { query: ask.query }),
        ...(ask.body === undefined ? {} : { body: ask.body }),
        pace: ask.pace ?? "any",
        priority: ask.priority ?? "read",
        maxWaitMs: call.maxWaitMs ?? LIMITS.readTimeoutMs,
        ...(ask.timeoutMs === undefined ? {} : { timeoutMs: ask.timeoutMs }),
      });
      if (outcome.kind === "not_primed" && !primed) {
        primed = true;
        await reprime(ask.path, call);
        continue;
      }
      const again =
        outcome.kind === "unavailable" ||
        (outcome.kind === "refused" && ask.coldStatus?.includes(outcome.status)) ||
        (outcome.kind === "failed" && outcome.error.fault === "reset");
      if (!again || tries >= LIMITS.readRetries) return outcome;
      const pause = LIMITS.readRetryBaseMs * 2 ** tries * (0.5 + options.random());
      await sleep(clock, pause);
    }
  };

  const reprime = async (path: string, call: AskOptions): Promise<void> => {
    const portfolio = path.startsWith("/portfolio") || path.startsWith("/pa/");
    await wire.call({
      method: "GET",
      path: portfolio ? "/portfolio/accounts" : "/iserver/accounts",
      pace: portfolio ? "portfolio_accounts" : "any",
      priority: "reconcile",
      maxWaitMs: call.maxWaitMs ?? LIMITS.readTimeoutMs,
    });
  };

  const failureOf = <T>(
    ask: Ask<T>,
    outcome: Exclude<WireOutcome, { kind: "ok" }>,
  ): GatewayError => {
    if (outcome.kind === "unauthorized" || outcome.kind === "no_brokerage") {
      supervisor.observe({ kind: "unauthorized", probe: "read" });
    }
    if (outcome.kind === "refused") {
      const particular = ask.onRefused?.(outcome.status, outcome.text);
      if (particular) return particular;
    }
    if (outcome.kind === "failed") {
      logger.warn({ read: ask.name, fault: outcome.error.fault }, "broker read failed");
      if (outcome.error.fault === "dial_refused") supervisor.observe({ kind: "dial_refused" });
      if (outcome.error.fault === "certificate_changed") {
        supervisor.observe({ kind: "certificate_changed" });
        return sessionRefusal(supervisor.session(), clock.now());
      }
      return unavailable(outcome.error.fault);
    }
    return generalFailure(ask.name, outcome);
  };

  const decode = <T>(ask: Ask<T>, kept: Kept): T => {
    if (kept.empty) {
      if (ask.onEmpty === undefined) throw unreadable(ask.name, "empty answer");
      return ask.onEmpty();
    }
    try {
      return ask.decode(kept.json);
    } catch (error) {
      if (error instanceof GatewayError) throw error;
      throw unreadable(ask.name, error instanceof Error ? error.message : "undecodable");
    }
  };

  /** One read on the wire for all who ask the same at the same time. */
  const shared = async <T>(key: string, ask: Ask<T>, call: AskOptions): Promise<Kept> => {
    const mine = cache;
    const answered = firstAnswered;
    const running = underWay;
    const present = running.get(key);
    if (present !== undefined && !call.alone) return withSignal(present, call.signal);
    const fetching = fetchOnce(ask, call)
      .then((kept) => {
        keep(mine, key, kept);
        const service = ask.warms ?? key;
        if (answered === firstAnswered && !answered.has(service)) answered.set(service, kept.at);
        return kept;
      })
      .finally(() => {
        if (running.get(key) === fetching) running.delete(key);
      });
    running.set(key, fetching);
    // Whoever waits sees the failure; nobody waiting must not become an unhandled rejection.
    fetching.catch(() => {});
    return withSignal(fetching, call.signal);
  };

  return {
    ask: async (ask, call = {}) => {
      const key = keyOf(ask);
      const held = cache.get(key);
      const age = held === undefined ? Number.POSITIVE_INFINITY : clock.now() - held.at;
      const closed = gate(ask);
      if (closed === null && held?.proved && !call.fresh && age < ask.ttlMs) {
        return { value: decode(ask, held), at: held.at, from: "cache", proved: held.proved };
      }
      const stale = (error: unknown): Answer<ReturnType<typeof ask.decode>> => {
        const silent =
          error instanceof GatewayError && error.failure.code === "BROKER_RATE_LIMITED";
        if (!silent || held === undefined || age > LIMITS.staleServeMs) throw error;
        return { value: decode(ask, held), at: held.at, from: "stale", proved: held.proved };
      };
      if (closed !== null) return stale(closed);

      try {
        const first = firstAnswered.get(ask.warms ?? key);
        let kept = await shared(key, ask, call);
        let value = decode(ask, kept);
        const second = first !== undefined && kept.at - first >= LIMITS.coldReadPauseMs;
        if (ask.isCold?.(value) && !second) {
          kept.proved = false;
          if (!call.firstLookOnly) {
            await sleep(clock, LIMITS.coldReadPauseMs, call.signal);
            try {
              kept = await shared(key, ask, call);
              value = decode(ask, kept);
            } catch (error) {
              // No second look within the time: the first is shown for what it is.
              if (!(error instanceof GatewayError)) throw error;
            }
          }
        }
        return { value, at: kept.at, from: "broker", proved: kept.proved };
      } catch (error) {
        return stale(error);
      }
    },
  };
}

function keyOf<T>(ask: Ask<T>): string {
  return JSON.stringify([ask.method ?? "GET", ask.path, ask.query ?? null, ask.body ?? null]);
}

function withSignal<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(deadline());
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
