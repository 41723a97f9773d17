import * as z from "zod";
import { noteUnread } from "./unreadable-values.ts";
import {
  isNoValue,
  toBoolean,
  toCompactTime,
  toConid,
  toCurrency,
  toDay,
  toDecimal,
  toDisplayDecimal,
  toInteger,
  toMillis,
  toMoneyText,
  toPositive,
  toPrice,
  toRecord,
  toSeconds,
  toSize,
  toText,
} from "./wire-values.ts";

/**
 * The one set of readers that every value of the broker passes, as parts of a schema for
 * `z.looseObject`: an absent key reads as null. Each knows what its kind of value may be and which
 * words and figures stand for none, so that a placeholder never becomes a figure; one that cannot be
 * read is null, costs nothing beside it, and is counted (see `unreadable-values.ts`).
 */
const anything = z.unknown().optional();

/** @param none what stands for "there is none" besides the words that always do */
const reader = <T>(read: (value: unknown) => T | null, none: (value: unknown) => boolean) =>
  anything.transform((value): T | null => {
    const seen = read(value);
    if (seen === null && !isNoValue(value) && !none(value)) noteUnread();
    return seen;
  });

const never = (): boolean => false;
/** Zero and less, where only more is possible. */
const noFigure = (value: unknown): boolean => {
  const figure = toDecimal(value);
  return figure !== null && (figure === "0" || figure.startsWith("-"));
};
const isZero = (value: unknown): boolean => toDecimal(value) === "0";

/** Rows that must be there as a list; a row that is none reads as one without a value. */
export function rows<S extends z.ZodType>(row: S) {
  return z.array(z.unknown()).transform((all): z.output<S>[] => all.map((one) => rowOf(row, one)));
}

/** The same where no list means no rows. */
export function rowsOrNone<S extends z.ZodType>(row: S) {
  return anything.transform((value): z.output<S>[] => {
    if (Array.isArray(value)) return value.map((one) => rowOf(row, one));
    if (!isNoValue(value)) noteUnread();
    return [];
  });
}

/** Records by name; a value that is no record is left out and counted. */
export function recordsByName<S extends z.ZodType>(
  row: S,
  value: unknown,
): [string, z.output<S>][] {
  return Object.entries(toRecord(value) ?? {}).flatMap(([name, one]): [string, z.output<S>][] => {
    const parsed = toRecord(one) === null ? null : row.safeParse(one);
    if (parsed?.success) return [[name, parsed.data]];
    if (!isNoValue(one)) noteUnread();
    return [];
  });
}

function rowOf<S extends z.ZodType>(row: S, value: unknown): z.output<S> {
  const parsed = row.safeParse(value);
  if (parsed.success) return parsed.data;
  noteUnread();
  return row.parse({});
}

/** A record inside another; what is none, or not of its form, is null. */
export function recordOrNull<S extends z.ZodType>(row: S) {
  return anything.transform((value): z.output<S> | null => {
    const parsed = toRecord(value) === null ? null : row.safeParse(value);
    if (parsed?.success) return parsed.data;
    if (!isNoValue(value)) noteUnread();
    return null;
  });
}

/** Records by name inside another; null where there are none. */
export function recordsOrNull<S extends z.ZodType>(row: S) {
  return anything.transform((value): Record<string, z.output<S>> | null => {
    if (toRecord(value) !== null) return Object.fromEntries(recordsByName(row, value));
    if (!isNoValue(value)) noteUnread();
    return null;
  });
}

export { toRecord };

export const wire = {
  /** What an order, a quote or a bar is priced at: 0 and -1 are none. Negative prices occur. */
  price: reader(toPrice, noFigure),
  /** How many, never below zero. */
  size: reader(toSize, noFigure),
  /** A position, which may be short. */
  quantity: reader(toDecimal, never),
  /** An amount in the currency beside it; also a price of a holding, which may be worth nothing. */
  money: reader(toDecimal, never),
  /** What one currency is worth in another: more than nothing. */
  rate: reader(toPositive, noFigure),
  /** A term of a contract that is more than nothing where it exists: strike, multiplier, step. */
  term: reader(toPositive, noFigure),
  /** As the display writes it, `3.1M`. */
  display: reader(toDisplayDecimal, never),
  /** `725.00 GBP`, with each part null that it does not say. */
  moneyText: anything.transform(toMoneyText),
  /** A figure that may be anything. */
  figure: reader(toDecimal, never),
  /** Milliseconds since the epoch. */
  time: reader(toMillis, isZero),
  /** Seconds since the epoch, with a fraction or not; read as milliseconds. */
  seconds: reader(toSeconds, isZero),
  /** Either of the two, as some answers have it; read as milliseconds. */
  instant: reader((value) => toMillis(value) ?? toSeconds(value), isZero),
  /** `YYMMDDHHmmss` in UTC; read as milliseconds. */
  compactTime: reader(toCompactTime, isZero),
  /** A calendar day, as `YYYY-MM-DD`. */
  day: reader(toDay, isZero),
  conid: reader(toConid, noFigure),
  /** The broker's id of an order, an execution, an account, in its digits. */
  id: reader((value) => (isNoValue(value) ? null : toText(value)), never),
  text: reader(toText, never),
  currency: reader(toCurrency, never),
  /** A whole number of something. */
  count: reader(toInteger, never),
  flag: reader(toBoolean, never),
  record: reader(toRecord, never),
  list: anything.transform((value): unknown[] => {
    if (Array.isArray(value)) return value;
    if (!isNoValue(value)) noteUnread();
    return [];
  }),
};
