import { Decimal } from "decimal.js";

/**
 * Tolerant readers for what the broker writes. Types drift between endpoints and builds (a conid
 * is a number here and a string there, a price may be "" or "C8.01"), so each reader takes what it
 * can prove and gives null for the rest. Missing is never zero.
 */

const PLAIN = /^-?(0|[1-9]\d*)(\.\d+)?$/;
const NUMERIC = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$/;
const GROUPED = /^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/;

/** The broker's Java writes its largest double where it has no figure. Nothing real is this large. */
const LEAST_UNREAL = 1e30;

/** A decimal string in plain form (no exponent, grouping or trailing zeros), or null. */
export function toDecimal(value: unknown): string | null {
  if (typeof value === "number") {
    if (!Number.isFinite(value) || Math.abs(value) >= LEAST_UNREAL) return null;
    if (Number.isSafeInteger(value)) return `${value === 0 ? 0 : value}`;
    const written = String(value);
    return written.includes("e") ? plain(written) : written;
  }
  if (typeof value !== "string") return null;
  const text = value.trim();
  if (Math.abs(Number(text.replaceAll(",", ""))) >= LEAST_UNREAL) return null;
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

export function toCurrency(value: unknown): string | null {
  const text = toText(value);
  return text !== null && /^[A-Z]{3}$/.test(text) ? text : null;
}

/** `YYYYMMDD` as `YYYY-MM-DD`, or null. */
export function toDay(value: unknown): string | null {
  const text = toText(value);
  const match = text === null ? null : /^(\d{4})-?(\d{2})-?(\d{2})$/.exec(text);
  if (match === null) return null;
  const day = `${match[1]}-${match[2]}-${match[3]}`;
  const at = Date.parse(`${day}T00:00:00Z`);
  // A 30 February parses, as a day of March.
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(day) ? day : null;
}

const EARLIEST_MS = Date.UTC(2000, 0, 1);
const LATEST_MS = Date.UTC(2100, 0, 1);
const plausible = (ms: number): number | null => (ms >= EARLIEST_MS && ms < LATEST_MS ? ms : null);

/** Milliseconds since the epoch; a time in another unit, or none, is null. */
export function toMillis(value: unknown): number | null {
  const ms = toInteger(value);
  return ms === null ? null : plausible(ms);
}

/** Seconds since the epoch, also with a fraction, as whole milliseconds. */
export function toSeconds(value: unknown): number | null {
  const seconds = toDecimal(value);
  return seconds === null ? null : plausible(new Decimal(seconds).times(1_000).round().toNumber());
}

/** `YYMMDDHHmmss` in UTC, as milliseconds since the epoch. */
export function toCompactTime(value: unknown): number | null {
  const match = /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/.exec(toText(value) ?? "");
  if (match === null) return null;
  const [, year, month, day, hour, minute, second] = match;
  if (toDay(`20${year}${month}${day}`) === null) return null;
  const at = Date.parse(`20${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(at) ? null : plausible(at);
}

/** A price: the broker writes 0 and -1 for one that there is not. */
export function toPrice(value: unknown): string | null {
  const price = toDecimal(value);
  return price === "0" || price === "-1" ? null : price;
}

/** A number of units; below zero it stands for none. */
export function toSize(value: unknown): string | null {
  const size = toDecimal(value);
  return size === null || size.startsWith("-") ? null : size;
}

/** What exists only above zero: a rate, a strike, a multiplier. */
export function toPositive(value: unknown): string | null {
  const figure = toDecimal(value);
  return figure === null || figure === "0" || figure.startsWith("-") ? null : figure;
}

/** `725.00 GBP`, `1,977.60 USD (10 Shares)`: amount and currency; null each where it is not said. */
export function toMoneyText(value: unknown): { amount: string | null; currency: string | null } {
  const text = toText(value) ?? "";
  const match = /^([+-]?[\d,]*\.?\d+)(?:\s+([A-Z]{3}))?(?:\s|$)/.exec(text);
  return {
    amount: match === null ? null : toDecimal(match[1]?.replaceAll(",", "")),
    currency: match?.[2] ?? null,
  };
}

/** The ways in which the broker says that there is nothing to say. */
export function isNoValue(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value === "number") return !Number.isFinite(value) || Math.abs(value) >= LEAST_UNREAL;
  if (typeof value !== "string") return false;
  return (
    /^(|-+|n\/?a|null|none|nan|\?)$/i.test(value.trim()) || Math.abs(Number(value)) >= LEAST_UNREAL
  );
}

export function toRecord(value: unknown): Record<string, unknown> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

export function toList(value: unknown): unknown[] | null {
  return Array.isArray(value) ? value : null;
}
