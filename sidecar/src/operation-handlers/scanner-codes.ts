import { scannerCodes } from "@ibkr-edge-gateway/protocol/operation-schemas/scanner-codes.ts";
import { label } from "../client-portal/broker-text.ts";
import type { ScannerParams } from "../client-portal/endpoints/scanner.ts";
import { pageOf, provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";
import { readScannerParams } from "./scanner-params-store.ts";

export interface Code {
  code: string;
  name: string;
}

const CODE = /^[A-Za-z0-9_.]{1,60}$/;

function named(code: string | null, name: string | null): Code[] {
  return code !== null && CODE.test(code) ? [{ code, name: label(name, 100) ?? code }] : [];
}

export function scansFor(params: ScannerParams, instrument: string): Code[] {
  return params.scan_type_list
    .filter((scan) => scan.instruments.includes(instrument))
    .flatMap((scan) => named(scan.code, scan.display_name));
}

/** Every market in the tree below the instrument's own branch, or in all of it where it has none. */
export function locationsFor(params: ScannerParams, instrument: string): Code[] {
  const all = (branches: ScannerParams["location_tree"]): Code[] =>
    branches.flatMap((branch) => [
      ...named(branch.type, branch.display_name),
      ...all(branch.locations),
    ]);
  const own = params.location_tree.filter(
    (branch) => branch.type === instrument || branch.type?.startsWith(`${instrument}.`),
  );
  return all(own.length > 0 ? own : params.location_tree);
}

export function filtersFor(params: ScannerParams, instrument: string): Code[] {
  const allowed = params.instrument_list.find((one) => one.type === instrument)?.filters ?? [];
  return params.filter_list
    .filter((filter) => filter.code !== null && allowed.includes(filter.code))
    .flatMap((filter) => named(filter.code, filter.display_name));
}

export const serveScannerCodes = serve(scannerCodes, async (context, input) => {
  const read = await readScannerParams(context);
  const codes = {
    scans: () => scansFor(read.params, input.instrument),
    locations: () => locationsFor(read.params, input.instrument),
    filters: () => filtersFor(read.params, input.instrument),
    instruments: () =>
      read.params.instrument_list.flatMap((one) => named(one.type, one.display_name)),
  }[input.kind]();
  const { rows, page } = pageOf(codes, input);
  return { codes: rows, page, ...provenance(context, [read]) };
});
