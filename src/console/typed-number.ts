import { canonicalDecimal, OrderDecimal } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";

/** What somebody typed into a field for a number, or what is wrong with it in words. */
export type Typed<T> = { ok: true; value: T } | { ok: false; problem: string };

const WHOLE_MAX_DIGITS = 9;
const FRACTION_MAX_DIGITS = 6;

/**
 * Thousands in groups of three, all by one sign: a comma, a space of any width or an apostrophe. No group
 * begins with a zero: `0,500` is a half, written with a comma.
 */
const GROUPED = /^[1-9]\d{0,2}(?:(,\d{3})+|([ \u00a0\u2009\u202f]\d{3})+|(['’]\d{3})+)(?:\.\d+)?$/;
const PLAIN = /^\d+(?:\.\d+)?$/;

/**
 * An amount as the policy keeps it: `2,500`, `2 500` and `2500` are one. What can be read in two ways
 * is refused, not guessed.
 */
export function typedAmount(text: string): Typed<string> {
  if (/^[-−–]/.test(text)) return no("A limit cannot be below zero.");
  if (/^[1-9]\d{0,2}\.\d{3}$/.test(text)) {
    const [whole = "", fraction = ""] = text.split(".");
    const short = `${whole}.${fraction}`.replace(/\.?0+$/, "");
    return no(`This can mean ${whole}${fraction} or ${short}. Type the one you mean.`);
  }
  if (/^\d+,\d+$/.test(text) && !GROUPED.test(text)) {
    return no(`Write the decimals after a point: ${text.replace(",", ".")}.`);
  }
  if (!GROUPED.test(text) && !PLAIN.test(text)) {
    return no("This is not a number. Type digits only, such as 2500.");
  }
  const [whole = "", fraction = ""] = text.replace(/[^\d.]/g, "").split(".");
  const digits = whole.replace(/^0+(?=\d)/, "");
  if (digits.length > WHOLE_MAX_DIGITS) {
    return no("This is too large: at most nine digits before the point.");
  }
  if (fraction.length > FRACTION_MAX_DIGITS) return no("At most six digits after the point.");
  const plain = fraction === "" ? digits : `${digits}.${fraction}`;
  if (!OrderDecimal.safeParse(plain).success) return no("This is not a number.");
  return { ok: true, value: canonicalDecimal(plain) };
}

/** A whole number of things, seconds, days … */
export function typedCount(text: string): Typed<number> {
  const amount = typedAmount(text);
  if (!amount.ok) return amount;
  if (amount.value.includes(".")) return no("This must be a whole number.");
  return { ok: true, value: Number(amount.value) };
}

/** Date, or date and time in UTC: `2026-12-31` or `2026-12-31 18:00`. */
export function typedMoment(text: string): Typed<string> {
  const found =
    /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(?::(\d\d)(?:\.\d{1,3})?)?)?(?: ?UTC|Z)?$/.exec(text);
  const [, day, minutes = "00:00", seconds = "00"] = found ?? [];
  const moment = new Date(`${day}T${minutes}:${seconds}.000Z`);
  // The 31st of June would be taken for the 1st of July.
  if (Number.isNaN(moment.getTime()) || !moment.toISOString().startsWith(`${day}T`)) {
    return no("Write a date and a time in UTC, such as 2026-12-31 18:00.");
  }
  return { ok: true, value: moment.toISOString() };
}

const no = (problem: string): { ok: false; problem: string } => ({ ok: false, problem });
