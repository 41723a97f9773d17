import { wire } from "../readers.ts";
import type { RawRow } from "./frames.ts";

export interface DepthQuery {
  accountId: string;
  conid: number;
  exchange?: string;
  signal: AbortSignal;
}

/** One price level, with the sizes that wait there. */
export interface LadderRow {
  row: number;
  price: string | null;
  bid: string | null;
  ask: string | null;
}

/**
 * The ladder after some more rows: rows are numbered and replaced by number. A level where a trade
 * just happened writes `size @ price`.
 */
export function withRows(
  ladder: ReadonlyMap<number, LadderRow>,
  rows: readonly RawRow[],
): Map<number, LadderRow> {
  const next = new Map(ladder);
  for (const raw of rows) {
    const row = wire.count.parse(raw.row);
    if (row === null) continue;
    const price = wire.text.parse(raw.price);
    next.set(row, {
      row,
      price: wire.price.parse(price?.includes("@") ? price.split("@")[1]?.trim() : price),
      bid: wire.size.parse(raw.bid),
      ask: wire.size.parse(raw.ask),
    });
  }
  return next;
}
