import {
  compare,
  type Fraction,
  fraction,
  largest,
  minus,
  ONE,
  plus,
  sum,
  times,
  ZERO,
} from "./fraction.ts";

/**
 * What one unit of an instrument can cost whoever opened it, from the payoff tables that exchanges
 * print: the payoff at a settlement price S of the underlying, and the worst S there is. Written
 * without the gateway's own measure, which the tests of this folder hold to it.
 *
 * The conventions are those of docs/policy-checks.md. The premium that a seller takes is not set off
 * against what the sold option obliges to. Prices fall to zero and no lower. Where a loss has no
 * bound, a price counts as if it doubled and `bounded` says that it is a figure and no bound.
 */
export type Instrument =
  | { kind: "share" }
  | { kind: "future" }
  | { kind: "call"; strike: Fraction }
  | { kind: "put"; strike: Fraction };

/** `closes`: the position that it ends bears the risk; what is left is the money that changes hands. */
export type Deal = "buys" | "sells_to_open" | "closes";

export interface Cost {
  /** Per unit, in the unit of the price. */
  value: Fraction;
  /** False: it can cost more, and `value` is what it counts as. */
  bounded: boolean;
}

/** Settlement prices between which every payoff below is a straight line. */
function corners(instrument: Instrument, price: Fraction): Fraction[] {
  const doubled = times(price, fraction("2"));
  return "strike" in instrument
    ? [ZERO, instrument.strike, plus(instrument.strike, doubled)]
    : [ZERO, price, doubled];
}

/** What the holder of one unit has at settlement. */
function worth(instrument: Instrument, settled: Fraction): Fraction {
  switch (instrument.kind) {
    case "share":
    case "future":
      return settled;
    case "call":
      return largest([ZERO, minus(settled, instrument.strike)]);
    case "put":
      return largest([ZERO, minus(instrument.strike, settled)]);
  }
}

/** The worst that one unit dealt at `price` can cost; `price` is above zero. */
export function costOf(instrument: Instrument, deal: Deal, price: Fraction): Cost {
  if (deal === "closes") return { value: price, bounded: true };
  const settlements = corners(instrument, price);
  if (deal === "buys") {
    return {
      value: largest(settlements.map((settled) => minus(price, worth(instrument, settled)))),
      bounded: true,
    };
  }
  switch (instrument.kind) {
    case "put":
      return {
        value: largest(settlements.map((settled) => worth(instrument, settled))),
        bounded: true,
      };
    case "call":
      // The underlying at twice the strike, and the option bought back at what it was sold for.
      return {
        value: sum([worth(instrument, times(instrument.strike, fraction("2"))), price]),
        bounded: false,
      };
    case "share":
    case "future":
      return {
        value: largest(settlements.map((settled) => minus(worth(instrument, settled), price))),
        bounded: false,
      };
  }
}

/** A share of itself on top: 150 basis points make 1.015. */
export const beyond = (bps: Fraction): Fraction => plus(ONE, times(bps, fraction("0.0001")));
/** The same downwards; never below zero. */
export const below = (bps: Fraction): Fraction =>
  largest([ZERO, minus(ONE, times(bps, fraction("0.0001")))]);

export const isAbove = (a: Fraction, b: Fraction): boolean => compare(a, b) > 0;
