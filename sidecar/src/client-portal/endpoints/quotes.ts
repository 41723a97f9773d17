import type { QuoteField } from "@ibkr-edge-gateway/protocol/operation-schemas/market-snapshot.ts";
import * as z from "zod";
import type { Ask } from "../portal-interface.ts";
import { toConid, toInteger, toText, wire } from "../wire-values.ts";
import { readWith } from "./read-with.ts";

/** The broker's field numbers by our names. */
export const FIELD_IDS: Readonly<Record<QuoteField, string>> = {
  last: "31",
  last_size: "7059",
  bid: "84",
  bid_size: "88",
  ask: "86",
  ask_size: "85",
  open: "7295",
  high: "70",
  low: "71",
  close: "7296",
  prior_close: "7741",
  mark: "7635",
  change: "82",
  change_percent: "83",
  volume: "7762",
  average_volume: "7282",
  week52_high: "7293",
  week52_low: "7294",
  implied_volatility_percent: "7283",
  historical_volatility_percent: "7087",
  open_interest: "7638",
  shortable_shares: "7636",
  borrow_fee_percent: "7637",
};
export const AVAILABILITY_FIELD = "6509";

/** One contract's row: its metadata, and the fields by number as the broker wrote them. */
export interface SnapshotRow {
  conid: number;
  updatedAt: number | null;
  availabilityCode: string | null;
  fields: ReadonlyMap<string, string>;
}

const EARLIEST_MS = Date.UTC(2000, 0, 1);
const LATEST_MS = Date.UTC(2100, 0, 1);

/** Milliseconds since the epoch; a time in another unit, or none, is null. */
function quoteTime(value: unknown): number | null {
  const ms = toInteger(value);
  return ms !== null && ms >= EARLIEST_MS && ms < LATEST_MS ? ms : null;
}

const Row = z.looseObject({ conid: wire.conid, conidEx: wire.text });

function readRow(json: unknown): SnapshotRow[] {
  const parsed = Row.safeParse(json);
  if (!parsed.success) return [];
  const conid = parsed.data.conid ?? toConid(parsed.data.conidEx);
  if (conid === null) return [];
  const fields = new Map<string, string>();
  for (const [key, value] of Object.entries(parsed.data)) {
    const text = /^\d{2,5}$/.test(key) ? toText(value) : null;
    if (text !== null) fields.set(key, text);
  }
  return [
    {
      conid,
      updatedAt: quoteTime(parsed.data._updated),
      availabilityCode: fields.get(AVAILABILITY_FIELD) ?? null,
      fields,
    },
  ];
}

/** One look. The first for a contract opens its stream and often carries no figure yet. */
export function snapshotLook(
  conids: readonly number[],
  fieldIds: readonly string[],
): Ask<SnapshotRow[]> {
  return {
    name: "marketdata.snapshot",
    path: "/iserver/marketdata/snapshot",
    query: { conids: conids.join(","), fields: fieldIds.join(",") },
    needs: "brokerage",
    pace: "snapshot",
    ttlMs: 1_000,
    decode: readWith(
      "marketdata.snapshot",
      z.array(z.unknown()).transform((rows) => rows.flatMap(readRow)),
    ),
    onEmpty: () => [],
  };
}
