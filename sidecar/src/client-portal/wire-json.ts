import { Decimal } from "decimal.js";

/**
 * Broker JSON without loss. A double holds 15 significant digits exactly as written; where longer
 * figures occur (prices such as `655.8945922851562`, 18-digit ids) every number that is not a plain
 * safe integer is kept as its source text instead. Decoders accept both, because the broker itself
 * writes either.
 */
export function parseWireJson(text: string): unknown {
  // The reviver costs five times the parse, and most answers hold no such figure.
  return LONG_FIGURE.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
}

const WHOLE = /^-?\d+(\.0+)?$/;
const LONG_FIGURE = /\d[\d.]{15}|\d[eE]/;

function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number") return value;
  const source = context?.source;
  if (source === undefined) return value;
  // A whole number that a double holds; a fraction may have been lost on the way to one.
  return Number.isSafeInteger(value) && isAsWritten(value, source) ? value : source;
}

/** Java writes a whole number of ten million and more as `1.7E12` where it holds it as a double. */
function isAsWritten(value: number, source: string): boolean {
  return WHOLE.test(source) || new Decimal(source).equals(value);
}
