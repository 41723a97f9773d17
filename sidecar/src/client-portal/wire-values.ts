import { Decimal } from "decimal.js";
import * as z from "zod";

/**
 * Tolerant readers for what the broker writes. Types drift between endpoints and builds (a conid
 * is a number here and a string there, a price may be "" or "C8.01"), so each reader takes what it
 * can prove and gives null for the rest. Missing is never zero.
 */

const PLAIN = /^-?(0|[1-9]\d*)(\.\d+)?$/;
const NUMERIC = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$/;
const GROUPED = /^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/;

/** A decimal string in plain form (no exponent, grouping or trailing zeros), or null. */
export function toDecimal(value: unknown): string | null {
  if (typeof value === "number") {
    if (!Number.isFinite(value)) return null;
    if (Number.isSafeInteger(value)) return `${value === 0 ? 0 : value}`;
    const written = String(value);
    return written.includes("e") ? plain(written) : written;
  }
  if (typeof value !== "string") return null;
  const text = value.trim();
  if (PLAIN.test(text)) return text.includes(".") || text === "-0" ? trimZeros(text) : text;
  if (NUMERIC.test(text)) return plain(text);
  if (GROUPED.test(text)) return plain(text.replaceAll(",", ""));
  return null;
}

function plain(text: string): string {
  const fixed = new Decimal(text).toFixed();
  return fixed === "-0" ? "0" : fixed;
}

function trimZeros(text: string): string {
  const trimmed = text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  return trimmed === "-0" || trimmed === "" ? "0" : trimmed;
}

/** "12.3M" and "994,831" as the broker's displays write them; the suffix is an approximation of its own. */
export function toDisplayDecimal(value: unknown): string | null {
  const direct = toDecimal(value);
  if (direct !== null || typeof value !== "string") return direct;
  const match = /^([+-]?[\d.,]+)\s*([KMBT%]?)$/.exec(value.trim());
  const digits = match?.[1];
  if (match === null || digits === undefined) return null;
  const base = toDecimal(digits);
  if (base === null) return null;
  const scale = { K: 3, M: 6, B: 9, T: 12 }[match[2] ?? ""];
  return scale === undefined ? base : plain(new Decimal(base).times(`1e${scale}`).toFixed());
}

export function toText(value: unknown): string | null {
  if (typeof value === "string") return value.trim() === "" ? null : value.trim();
  if (typeof value === "number") return String(value);
  return null;
}

export function toInteger(value: unknown): number | null {
  const number =
    typeof value === "number"
      ? value
      : typeof value === "string" && /^[+-]?\d{1,16}(\.0+)?$/.test(value.trim())
        ? Number(value)
        : Number.NaN;
  return Number.isSafeInteger(number) ? number : null;
}

export function toBoolean(value: unknown): boolean | null {
  if (typeof value === "boolean") return value;
  if (value === 1 || value === "1") return true;
  if (value === 0 || value === "0") return false;
  if (typeof value !== "string") return null;
  const word = value.trim().toLowerCase();
  if (word === "true" || word === "yes") return true;
  if (word === "false" || word === "no") return false;
  return null;
}

/** A contract id; 0 and -1 are the broker's ways of saying none. */
export function toConid(value: unknown): number | null {
  const id = toInteger(value);
  return id !== null && id > 0 && id <= 2_147_483_647 ? id : null;
}

function toCurrency(value: unknown): string | null {
  const text = toText(value);
  return text !== null && /^[A-Z]{3}$/.test(text) ? text : null;
}

/** `YYYYMMDD` as `YYYY-MM-DD`, or null. */
export function toDay(value: unknown): string | null {
  const text = toText(value);
  const match = text === null ? null : /^(\d{4})-?(\d{2})-?(\d{2})$/.exec(text);
  if (match === null) return null;
  const day = `${match[1]}-${match[2]}-${match[3]}`;
  return Number.isNaN(Date.parse(`${day}T00:00:00Z`)) ? null : day;
}

export function toRecord(value: unknown): Record<string, unknown> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

export function toList(value: unknown): unknown[] | null {
  return Array.isArray(value) ? value : null;
}

const anything = z.unknown().optional();

/** The same readers as schema parts, for `z.looseObject`: an absent key reads as null. */
export const wire = {
  decimal: anything.transform(toDecimal),
  display: anything.transform(toDisplayDecimal),
  text: anything.transform(toText),
  integer: anything.transform(toInteger),
  boolean: anything.transform(toBoolean),
  conid: anything.transform(toConid),
  currency: anything.transform(toCurrency),
  day: anything.transform(toDay),
  record: anything.transform(toRecord),
  list: anything.transform((value) => toList(value) ?? []),
};
