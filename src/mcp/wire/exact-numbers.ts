import { Decimal } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";

/**
 * `JSON.parse` turns 9007199254740993 into another number without a word. What the caller wrote is
 * therefore kept for every number that a double may not hold exactly, by the value it became.
 */
export type RewrittenNumbers = ReadonlyMap<number, string>;

export const NONE_REWRITTEN: RewrittenNumbers = new Map();

/** A double holds every decimal of so many significant digits, and gives the same digits back. */
const EXACT_DIGITS = 15;

const SUSPECT = /[\d.]{16}|\d[eE]/;
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** The numbers of a JSON text that are longer than that or have an exponent. */
export function rewrittenNumbers(text: string): RewrittenNumbers {
  if (!SUSPECT.test(text)) return NONE_REWRITTEN;
  const found = new Map<number, string>();
  for (const [token] of text.matchAll(STRING_OR_NUMBER)) {
    if (!token.startsWith('"') && !isExact(token)) found.set(Number(token), token);
  }
  return found;
}

/** The number as a plain decimal; null where what was written may have been another one. */
export function exactText(value: number, rewritten: RewrittenNumbers): string | null {
  if (!Number.isFinite(value) || rewritten.has(value)) return null;
  const text = new Decimal(value).toFixed();
  return isExact(text) ? text : null;
}

/** How the same number is written as text; null where that would be unreasonably long. */
export function asWritten(value: number, rewritten: RewrittenNumbers): string | null {
  const written = rewritten.get(value) ?? String(value);
  if (written.length > 60 || !Number.isFinite(value)) return null;
  const text = new Decimal(written).toFixed();
  return text.length > 40 ? null : text;
}

function isExact(written: string): boolean {
  const digits = written.replace("-", "").replace(/^0+(?=\d)/, "");
  if (/[eE]/.test(digits)) return false;
  const [whole = "", fraction = ""] = digits.split(".");
  const significant = `${whole}${fraction.replace(/0+$/, "")}`.replace(/^0+/, "");
  return significant.length <= EXACT_DIGITS;
}
