import {
  priceOnTick,
  tickAt,
  withoutFloatNoise,
} from "@ibkr-edge-gateway/protocol/market/float-noise.ts";
import type { Availability } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import type {
  QuoteField,
  QuoteFigures,
} from "@ibkr-edge-gateway/protocol/operation-schemas/market-snapshot.ts";
import { label } from "../client-portal/broker-text.ts";
import { isoTime } from "../client-portal/clock.ts";
import type { SecDef } from "../client-portal/endpoints/contracts.ts";
import { FIELD_IDS, type SnapshotRow, VOLUME_SHOWN } from "../client-portal/endpoints/quotes.ts";
import { wire } from "../client-portal/readers.ts";

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

/** A figure as the broker displays it: `C8.01` is yesterday's close, `H12.5` a halted price, `0.54%` a percentage, `3.1M` a volume. */
export function readField(text: string): {
  kind: "value" | "prior_close" | "halted";
  value: string | null;
} {
  const match = /^([CH])?\s*(.*?)$/.exec(text.trim());
  const value = wire.display.parse(match?.[2] ?? "");
  const mark = match?.[1];
  return { kind: mark === "C" ? "prior_close" : mark === "H" ? "halted" : "value", value };
}

/** Prices. The broker writes 0 or -1 for one that there is not. */
const PRICES: ReadonlySet<QuoteField> = new Set([
  "last",
  "bid",
  "ask",
  "open",
  "high",
  "low",
  "close",
  "prior_close",
  "mark",
  "week52_high",
  "week52_low",
]);
/** A change of -1 is a change; everywhere else -1 stands for nothing. */
const CHANGES: ReadonlySet<QuoteField> = new Set(["change", "change_percent"]);
/** A size belongs to a price: without the one, the other says nothing. */
const SIZE_OF = { bid_size: "bid", ask_size: "ask" } as const;

/** A figure of the broker's as it is meant: no placeholder, no float noise, a price on its tick. */
export function figureOf(
  field: QuoteField,
  value: string | null,
  fact: Pick<SecDef, "incrementRules"> | undefined,
): string | null {
  if (value === null) return null;
  if (CHANGES.has(field)) return withoutFloatNoise(value);
  if (value === "-1" || (value === "0" && PRICES.has(field))) return null;
  if (!PRICES.has(field)) return withoutFloatNoise(value);
  return priceOnTick(value, tickAt(fact?.incrementRules ?? [], value));
}

/** The broker's text of a field; the volume also where the display's own number alone came. */
const textOf = (row: SnapshotRow | undefined, field: QuoteField): string | undefined =>
  row?.fields.get(FIELD_IDS[field]) ??
  (field === "volume" ? row?.fields.get(VOLUME_SHOWN) : undefined);

/** The quote one row amounts to. What was asked for and is not there is null and listed as missing. */
export function quoteFrom(
  conid: number,
  row: SnapshotRow | undefined,
  wanted: readonly QuoteField[],
  fact: SecDef | undefined,
): QuoteFigures {
  const values: QuoteFigures["values"] = {};
  let halted = false;
  let priorClose: string | null = null;
  let found = 0;
  for (const field of wanted) {
    const text = textOf(row, field);
    const read = text === undefined ? null : readField(text);
    const value = figureOf(field, read?.value ?? null, fact);
    if (read?.kind === "halted") halted = true;
    // The mark is documented for the last price alone; yesterday's close is not a last trade.
    if (read?.kind === "prior_close" && field === "last") priorClose = value;
    values[field] = read?.kind === "prior_close" ? null : value;
  }
  for (const [size, price] of Object.entries(SIZE_OF) as [keyof typeof SIZE_OF, "bid" | "ask"][]) {
    if (values[price] === null && values[size] != null) values[size] = null;
  }
  found += wanted.filter((field) => values[field] != null).length;
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
