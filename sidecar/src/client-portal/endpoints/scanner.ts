import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import * as z from "zod";
import { LIMITS } from "../limits.ts";
import type { Ask } from "../portal-interface.ts";
import { rows, wire } from "../readers.ts";
import { readWith } from "./read-with.ts";

const Named = z.looseObject({ display_name: wire.text, code: wire.text, type: wire.text });
const ScanType = z.looseObject({
  display_name: wire.text,
  code: wire.text,
  instruments: wire.list.transform((all) => all.filter((one) => typeof one === "string")),
});
const Instrument = z.looseObject({
  display_name: wire.text,
  type: wire.text,
  filters: wire.list.transform((all) => all.filter((one) => typeof one === "string")),
});

interface Location {
  display_name: string | null;
  type: string | null;
  locations: Location[];
}
const Location: z.ZodType<Location, unknown> = z.looseObject({
  display_name: wire.text,
  type: wire.text,
  locations: z.lazy(() =>
    z
      .array(Location)
      .nullish()
      .transform((children) => children ?? []),
  ),
});

export const ScannerParams = z.looseObject({
  scan_type_list: rows(ScanType),
  instrument_list: rows(Instrument),
  filter_list: rows(Named),
  location_tree: z.array(Location),
});
export type ScannerParams = z.output<typeof ScannerParams>;

/** Once a quarter of an hour at most: it is kept on disk. */
export const scannerParams: Ask<unknown> = {
  name: "scanner.params",
  path: "/iserver/scanner/params",
  needs: "brokerage",
  pace: "scanner_params",
  timeoutMs: LIMITS.scannerParamsTimeoutMs,
  ttlMs: 60_000,
  decode: (json) => json,
};

const ScanRow = z.looseObject({
  con_id: wire.conid,
  conidex: wire.text,
  symbol: wire.text,
  company_name: wire.text,
  contract_description_1: wire.text,
  listing_exchange: wire.text,
  sec_type: wire.text,
});
const ScanResult = z.looseObject({
  contracts: rows(ScanRow),
  scan_data_column_name: wire.text,
});
type ScanResult = z.output<typeof ScanResult>;

export function scannerRun(body: {
  instrument: string;
  type: string;
  location: string;
  filter: readonly { code: string; value: string | number }[];
}): Ask<ScanResult> {
  return {
    name: "scanner.run",
    method: "POST",
    path: "/iserver/scanner/run",
    body,
    needs: "brokerage",
    pace: "scanner_run",
    ttlMs: 15_000,
    decode: readWith("scanner.run", ScanResult),
    onRefused: () =>
      new GatewayError(
        failure("INPUT_INVALID", "The broker refused this combination of scan and filters."),
      ),
  };
}
