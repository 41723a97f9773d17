import type { QuoteField } from "@ibkr-edge-gateway/protocol/operation-schemas/market-snapshot.ts";
import * as z from "zod";
import type { Ask } from "../portal-interface.ts";
import { rows, wire } from "../readers.ts";
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
/** The volume as the display shows it, `25.5M`; the whole one is `7762`, which some builds leave out. */
export const VOLUME_SHOWN = "87";

/** One contract's row: its metadata, and the fields by number as the broker wrote them. */
export interface SnapshotRow {
  conid: number;
  updatedAt: number | null;
  availabilityCode: string | null;
  fields: ReadonlyMap<string, string>;
}

const Row = z.looseObject({ conid: wire.conid, conidEx: wire.text, _updated: wire.time });

/**
 * The fields of a row by number, as the broker wrote them. Beside a figure made for the eye (`25.5M`)
 * some builds write the whole one under `<number>_raw`, which is then the one that counts.
 */
export function fieldsOf(row: Readonly<Record<string, unknown>>): Map<string, string> {
  const fields = new Map<string, string>();
  for (const [key, value] of Object.entries(row)) {
    if (!/^\d{2,5}$/.test(key)) continue;
    const shown = wire.text.parse(value);
    const whole = SUFFIX.test(shown ?? "") ? wire.figure.parse(row[`${key}_raw`]) : null;
    const text = whole ?? shown;
    if (text !== null) fields.set(key, text);
  }
  return fields;
}

const SUFFIX = /[KMBT]$/;

function rowFrom(row: z.output<typeof Row>): SnapshotRow[] {
  const conid = row.conid ?? wire.conid.parse(row.conidEx?.split("@")[0]);
  if (conid === null) return [];
  const fields = fieldsOf(row);
  return [
    {
      conid,
      updatedAt: row._updated,
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
      rows(Row).transform((all) => all.flatMap(rowFrom)),
    ),
    onEmpty: () => [],
  };
}
