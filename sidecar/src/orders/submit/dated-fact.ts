import { RATE_MAX_AGE_SECONDS } from "@ibkr-edge-gateway/protocol/limits.ts";
import type { OperationContext, Provenance } from "../../operation-handlers/operation-context.ts";

/** What decides an order: a value, who said it, when, and whether that proves it. */
export interface Fact<T> {
  value: T;
  from: Provenance["served_from"];
  /** When its source gave it, Unix ms; of several parts the oldest. */
  at: number;
  proved: boolean;
}

/**
 * How old a fact may be when an order is decided, and again before its first byte leaves. The first
 * four cover one wait for the broker's list of orders and one for the turn to send.
 */
export const FACT_AGES = {
  positionsMs: 30_000,
  workingMs: 30_000,
  marketMs: 30_000,
  dailyPnlMs: 60_000,
  accountMs: 60_000,
  /** The broker's calendar of a contract: by the day, and read again every hour. */
  hoursMs: 2 * 60 * 60_000,
  ratesMs: RATE_MAX_AGE_SECONDS * 1_000,
} as const;

/**
 * The value, where it is proved and of an accepted age; null is not known. A time ahead of this PC's
 * clock says as little as one long ago.
 */
export function knownAt<T>(fact: Fact<T> | null, maxAgeMs: number, nowMs: number): T | null {
  if (fact === null || !fact.proved) return null;
  return Math.abs(nowMs - fact.at) <= maxAgeMs ? fact.value : null;
}

/** Of several parts: as old as the oldest, as weak as the weakest. */
export function joined<T>(value: T, parts: readonly Omit<Fact<unknown>, "value">[]): Fact<T> {
  const weakest = parts.reduce<Fact<T>["from"]>(
    (worst, { from }) => (STRENGTH[from] > STRENGTH[worst] ? from : worst),
    "broker",
  );
  return {
    value,
    from: weakest,
    at: Math.min(...parts.map(({ at }) => at)),
    proved: parts.every(({ proved }) => proved),
  };
}

const STRENGTH = { broker: 0, stream: 1, cache: 2, stale: 3 } as const;

/** Reads that are answered by the broker or by what it said within each question's own time, or fail. */
export const currentOnly = (context: OperationContext): OperationContext => ({
  ...context,
  ask: (ask, options = {}) =>
    context.ask(ask, {
      ...options,
      maxAgeMs: Math.min(ask.ttlMs, options.maxAgeMs ?? ask.ttlMs),
    }),
});

/** Reads that only the broker answers, now. */
export const freshOnly = (context: OperationContext): OperationContext => ({
  ...context,
  ask: (ask, options = {}) => context.ask(ask, { ...options, fresh: true }),
});
