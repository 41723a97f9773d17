import { Decimal, dec, decimalText } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import type { OrderRefusalCode } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { PolicyDocument } from "./document.ts";
import type { Figures } from "./figures.ts";
import type { PolicySnapshot } from "./snapshot.ts";

/**
 * One check: one rule, one code, pure. It answers pass, fail, unknown (an input is missing, which
 * denies), or off (the policy sets no such limit, or the order is not of the kind it is about).
 */
export const STAGES = [
  "state",
  "identity",
  "form",
  "instrument",
  "data",
  "order",
  "cumulative",
  "portfolio",
  "behaviour",
  "approval",
] as const;
export type Stage = (typeof STAGES)[number];

/** Which requests a check is about. An exit skips `entries` and nothing else. */
export type CheckScope =
  /** New orders, changes and cancels. */
  | "always"
  /** New orders and changes, entries and exits alike: integrity. */
  | "orders"
  /** What opens, adds to or turns a position. Unclassified counts as that. */
  | "entries";

export interface Check {
  /** In the reference list; several checks may share one. */
  readonly number: number;
  readonly name: string;
  readonly code: OrderRefusalCode;
  readonly stage: Stage;
  readonly scope: CheckScope;
  /** What holds when it passes, as one sentence. */
  readonly means: string;
  evaluate(context: Context): CheckFinding;
}

export interface Context {
  readonly snapshot: PolicySnapshot;
  readonly policy: PolicyDocument;
  readonly figures: Figures;
}

export interface Measured {
  observed?: string | null;
  limit?: string | null;
  headroom?: string | null;
  source?: string;
  as_of?: string | null;
}

export type CheckFinding =
  | ({ outcome: "pass" } & Measured)
  | ({ outcome: "fail"; message: string } & Measured)
  | ({
      outcome: "unknown";
      missing: string;
      /** What makes it known, as a sentence. */
      untilKnown?: string;
    } & Measured)
  | { outcome: "off" };

export const OFF: CheckFinding = { outcome: "off" };
/**
 * The check holds. `measured`: what was looked at and its limit, for whoever reads the evaluation.
 */
export const pass = (measured: Measured = {}): CheckFinding => ({ outcome: "pass", ...measured });
/** The check refuses the order. `message` is a sentence for people, with figures and units. */
export const fail = (message: string, measured: Measured = {}): CheckFinding => ({
  outcome: "fail",
  message,
  ...measured,
});
/** The check cannot tell, which denies like a refusal. `missing` names what was not known. */
export const unknown = (missing: string, measured: Measured = {}): CheckFinding => ({
  outcome: "unknown",
  missing,
  ...measured,
});

interface Bound {
  /** What is measured, as the subject of a sentence: `The order's value`. */
  what: string;
  observed: Decimal | number | null;
  /** Null switches the check off. */
  limit: string | number | null;
  source: string;
  as_of: string | null;
  /** Both figures are basis points: people are told percent. */
  bps?: boolean;
  /** The whole sentence where the bound is passed, when a better one can be said. */
  words?: ((observed: Decimal, limit: Decimal) => string) | undefined;
}

/** Observed ≤ limit. */
export function atMost(bound: Bound): CheckFinding {
  return bounded(bound, 1);
}

/** Observed ≥ limit. */
export function atLeast(bound: Bound): CheckFinding {
  return bounded(bound, -1);
}

function bounded(asked: Bound, sign: 1 | -1): CheckFinding {
  const { what, observed, limit, source, as_of } = asked;
  if (limit === null) return OFF;
  const bound = typeof limit === "number" ? new Decimal(limit) : dec(limit);
  const limitText = decimalText(bound);
  if (observed === null) return unknown(what, { limit: limitText, source, as_of });
  const value = typeof observed === "number" ? new Decimal(observed) : observed;
  const headroom = bound.minus(value).times(sign);
  const measured = {
    observed: shown(value),
    limit: limitText,
    headroom: shown(headroom),
    source,
    as_of,
  };
  // Zero times minus one is a negative zero to the library: compare, do not ask for the sign.
  if (headroom.greaterThanOrEqualTo(0)) return pass(measured);
  const beyond = sign > 0 ? "above" : "below";
  if (asked.words !== undefined) return fail(asked.words(value, bound), measured);
  const [is, allowed] = asked.bps
    ? [percentBeyond(value, bound), percentText(bound)]
    : [measured.observed, limitText];
  return fail(`${what} is ${is}, ${beyond} the limit of ${allowed}.`, measured);
}

/** Figures are compared exactly and shown with eight decimals at most. */
const shown = (value: Decimal): string => decimalText(value.toDecimalPlaces(8));

/** Basis points as people read them: 2000 is `20 %`. */
export const percentText = (bps: Decimal): string => `${decimalText(bps.dividedBy(100))} %`;

/** With as few decimals as still show on which side of the limit it is. */
export function percentBeyond(bps: Decimal, limit: Decimal): string {
  const exact = bps.dividedBy(100);
  for (let decimals = 0; decimals < 8; decimals += 1) {
    const rounded = exact.toDecimalPlaces(decimals);
    if (bps.comparedTo(limit) === rounded.comparedTo(limit.dividedBy(100)))
      return `${decimalText(rounded)} %`;
  }
  return `${decimalText(exact)} %`;
}
