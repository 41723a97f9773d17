import type { Quote, QuoteField } from "../../../src/protocol/operations/market-snapshot.ts";
import type { Availability } from "../../../src/protocol/operations/parts.ts";
import { label } from "../client-portal/broker-text.ts";
import { isoTime } from "../client-portal/clock.ts";
import type { SecDef } from "../client-portal/endpoints/contracts.ts";
import { FIELD_IDS, type SnapshotRow } from "../client-portal/endpoints/quotes.ts";
import { toDecimal } from "../client-portal/wire-values.ts";

export const DEFAULT_FIELDS: readonly QuoteField[] = [
  "last",
  "bid",
  "bid_size",
  "ask",
  "ask_size",
  "prior_close",
  "change",
  "change_percent",
  "volume",
];

/**
 * What the broker's availability letters promise. Only the first letter speaks about age; a letter
 * that is not documented promises nothing, and delayed data must never look live.
 */
export function availabilityOf(code: string | null, hasData: boolean): Availability {
  switch (code?.[0]) {
    case "R":
      return "live";
    case "D":
      return "delayed";
    case "Z":
    case "Y":
      return "frozen";
    case "N":
    case "O":
      return "none";
    default:
      return hasData ? "unknown" : "none";
  }
}

/** A figure as the broker displays it: `C8.01` is yesterday's close, `H12.5` a halted price, `0.54%` a percentage. */
export function readField(text: string): {
  kind: "value" | "prior_close" | "halted";
  value: string | null;
} {
  const match = /^([CH])?\s*(.*?)\s*%?$/.exec(text.trim());
  const value = toDecimal(match?.[2] ?? "");
  const mark = match?.[1];
  return { kind: mark === "C" ? "prior_close" : mark === "H" ? "halted" : "value", value };
}

/** The quote one row amounts to. What was asked for and is not there is null and listed as missing. */
export function quoteFrom(
  conid: number,
  row: SnapshotRow | undefined,
  wanted: readonly QuoteField[],
  fact: SecDef | undefined,
): Quote {
  const values: Quote["values"] = {};
  let halted = false;
  let priorClose: string | null = null;
  let found = 0;
  for (const field of wanted) {
    const text = row?.fields.get(FIELD_IDS[field]);
    const read = text === undefined ? null : readField(text);
    if (read?.kind === "halted") halted = true;
    if (read?.kind === "prior_close") priorClose = read.value;
    // Yesterday's close is not a last trade.
    values[field] = read === null || read.kind === "prior_close" ? null : read.value;
    if (values[field] !== null) found += 1;
  }
  if (priorClose !== null && wanted.includes("prior_close") && values.prior_close == null) {
    values.prior_close = priorClose;
    found += 1;
  }
  return {
    conid,
    symbol: label(fact?.ticker, 100),
    currency: fact?.currency ?? null,
    availability: availabilityOf(row?.availabilityCode ?? null, found > 0),
    availability_code: row?.availabilityCode?.slice(0, 10) ?? null,
    quote_at:
      row?.updatedAt == null || row.updatedAt <= 0 || found === 0 ? null : isoTime(row.updatedAt),
    halted,
    values,
    missing: wanted.filter((field) => values[field] == null),
  };
}

/** True once a row carries at least one of the figures asked for; metadata is not data. */
export function hasFigure(row: SnapshotRow | undefined, fieldIds: readonly string[]): boolean {
  return row !== undefined && fieldIds.some((id) => row.fields.has(id));
}

export function hasEveryFigure(row: SnapshotRow | undefined, fieldIds: readonly string[]): boolean {
  return row !== undefined && fieldIds.every((id) => row.fields.has(id));
}
