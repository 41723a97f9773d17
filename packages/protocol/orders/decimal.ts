import { Decimal as DecimalJs } from "decimal.js";
import * as z from "zod";

/**
 * Money and quantities: decimal strings on every wire, decimal.js inside, never a float.
 *
 * The grammar is narrower than what decimal.js accepts on purpose. An exponent, a plus sign, a
 * leading zero, `NaN` or `Infinity` from a model is a mistake to be named, not a number to be
 * guessed. Order fields are bounded to nine digits before and six after the point: fifteen
 * significant digits survive the JSON number that the broker's API wants, exactly.
 */
export const Decimal = DecimalJs.clone({ precision: 60, toExpNeg: -9e15, toExpPos: 9e15 });
export type Decimal = InstanceType<typeof Decimal>;

const ORDER_DECIMAL = /^(0|[1-9]\d{0,8})(\.\d{1,6})?$/;
const FIGURE = /^-?(0|[1-9]\d{0,17})(\.\d{1,12})?$/;

/** A price or quantity of an order: unsigned, at most nine digits and six decimals. May be zero. */
export const OrderDecimal = z.string().regex(ORDER_DECIMAL);
/** A figure the broker or the gateway computed (balances, profit and loss): signed, wider. */
export const Figure = z.string().regex(FIGURE);

export type DecimalFault =
  | "not_text"
  | "not_a_number"
  | "exponent"
  | "negative"
  | "zero"
  | "too_many_decimals"
  | "too_large"
  | "not_canonical";

/**
 * Which rule a value given for an order's price or quantity breaks, or null when it is a positive
 * decimal in bounds. Made for refusals that name the rule.
 */
export function orderDecimalFault(value: unknown): DecimalFault | null {
  if (typeof value !== "string") return "not_text";
  if (/^-/.test(value) && /\d/.test(value)) return "negative";
  if (/^[\d.]+e[+-]?\d+$/i.test(value)) return "exponent";
  if (/^0+(\.0*)?$/.test(value)) return "zero";
  if (ORDER_DECIMAL.test(value)) return new Decimal(value).isZero() ? "zero" : null;
  if (!/^\+?\d*\.?\d*$/.test(value) || !/\d/.test(value)) return "not_a_number";
  const [whole = "", fraction = ""] = value.replace(/^\+/, "").split(".");
  if (fraction.length > 6) return "too_many_decimals";
  if (whole.replace(/^0+/, "").length > 9) return "too_large";
  return "not_canonical";
}

/** The number a figure stands for; null when the text is not in the grammar. */
export function parseFigure(text: string | null | undefined): Decimal | null {
  return text !== null && text !== undefined && FIGURE.test(text) ? new Decimal(text) : null;
}

/** As {@link parseFigure}, for text a schema already checked. */
export function dec(text: string): Decimal {
  const value = parseFigure(text);
  if (value === null) throw new RangeError("not a decimal in the gateway's grammar");
  return value;
}

/** Plain notation, no exponent, no trailing zeros, `0` for negative zero. */
export function decimalText(value: Decimal): string {
  return value.isZero() ? "0" : value.toFixed();
}

/** One spelling per value, so that equal orders have equal hashes: `1.50` and `1.5` are one. */
export function canonicalDecimal(text: string): string {
  return decimalText(dec(text));
}

/** -1, 0 or 1. */
export function compareDecimals(a: string, b: string): -1 | 0 | 1 {
  const order = dec(a).comparedTo(dec(b));
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

/** The exact product of two decimal texts, as a decimal text. Throws RangeError on what is none. */
export function multiplyDecimals(a: string, b: string): string {
  return decimalText(dec(a).times(dec(b)));
}

/** True when `value` is a whole number of steps. A step of zero or less is never satisfied. */
export function isOnStep(value: string, step: string): boolean {
  const size = dec(step);
  return size.greaterThan(0) && dec(value).modulo(size).isZero();
}

/** How far `value` stands from `reference`, in basis points of it; null when that is zero. */
export function basisPoints(value: Decimal, reference: Decimal): Decimal | null {
  return reference.isZero()
    ? null
    : value.minus(reference).dividedBy(reference.abs()).times(10_000);
}

/** Rounds to the next multiple of a price increment towards the less aggressive side. */
export function roundToStep(value: Decimal, step: Decimal, direction: "down" | "up"): Decimal {
  const steps = value.dividedBy(step);
  return (direction === "down" ? steps.floor() : steps.ceil()).times(step);
}
