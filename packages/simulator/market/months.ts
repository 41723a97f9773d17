import type { Instrument } from "./instrument.ts";

export const MONTHS = [
  "JAN",
  "FEB",
  "MAR",
  "APR",
  "MAY",
  "JUN",
  "JUL",
  "AUG",
  "SEP",
  "OCT",
  "NOV",
  "DEC",
] as const;

/** `APR26`, the calendar month in which a contract ends. */
export function monthOf(instrument: Instrument): string {
  const expiry = instrument.expiry ?? "";
  return `${MONTHS[Number(expiry.slice(4, 6)) - 1] ?? ""}${expiry.slice(2, 4)}`;
}

/** `APR26;MAY26;JUN26`, in order of time. */
export function monthsOf(contracts: readonly Instrument[]): string {
  const byMonth = new Map(contracts.map((one) => [(one.expiry ?? "").slice(0, 6), monthOf(one)]));
  return [...byMonth.keys()]
    .sort()
    .map((key) => byMonth.get(key))
    .join(";");
}
