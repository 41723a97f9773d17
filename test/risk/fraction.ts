/**
 * Exact fractions over big integers: the oracle shares no arithmetic with what it judges, so that a
 * rounding or a precision that is too small shows as a difference.
 */
export interface Fraction {
  readonly n: bigint;
  /** Above zero. */
  readonly d: bigint;
}

export const ZERO: Fraction = { n: 0n, d: 1n };
export const ONE: Fraction = { n: 1n, d: 1n };

/** Reads plain decimal notation: `-12.5`. Throws RangeError on anything else. */
export function fraction(text: string): Fraction {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) throw new RangeError(`not a decimal: ${text}`);
  const [, sign = "", whole = "0", part = ""] = match;
  const size = BigInt(whole + part);
  return { n: sign === "-" ? -size : size, d: 10n ** BigInt(part.length) };
}

export const plus = (a: Fraction, b: Fraction): Fraction => ({
  n: a.n * b.d + b.n * a.d,
  d: a.d * b.d,
});
export const minus = (a: Fraction, b: Fraction): Fraction => plus(a, { n: -b.n, d: b.d });
export const times = (a: Fraction, b: Fraction): Fraction => ({ n: a.n * b.n, d: a.d * b.d });

/** Throws RangeError where `b` is not above zero: the oracle divides by nothing else. */
export function over(a: Fraction, b: Fraction): Fraction {
  if (b.n <= 0n) throw new RangeError("divided by what is not above zero");
  return { n: a.n * b.d, d: a.d * b.n };
}

/** Below zero, zero, or above: as a and b stand to each other. */
export function compare(a: Fraction, b: Fraction): -1 | 0 | 1 {
  const left = a.n * b.d;
  const right = b.n * a.d;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The largest; throws RangeError on none. */
export function largest(values: readonly Fraction[]): Fraction {
  const [first, ...rest] = values;
  if (first === undefined) throw new RangeError("the largest of nothing");
  return rest.reduce((top, each) => (compare(each, top) > 0 ? each : top), first);
}

export const sum = (values: readonly Fraction[]): Fraction => values.reduce(plus, ZERO);
