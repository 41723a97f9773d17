import { counted } from "@ibkr-edge-gateway/protocol/counted-words.ts";
import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { scannerRun } from "@ibkr-edge-gateway/protocol/operation-schemas/scanner-run.ts";
import { label } from "../client-portal/broker-text.ts";
import { scannerRun as askScan } from "../client-portal/endpoints/scanner.ts";
import { provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";
import { type Code, filtersFor, locationsFor, scansFor } from "./scanner-codes.ts";
import { readScannerParams } from "./scanner-params-store.ts";

const known = (codes: readonly Code[], code: string): boolean =>
  codes.some((one) => one.code === code);

export const serveScannerRun = serve(scannerRun, async (context, input) => {
  const read = await readScannerParams(context);
  const refuse = (what: string, codes: readonly Code[]): never => {
    const some = codes
      .slice(0, 10)
      .map((one) => one.code)
      .join(", ");
    throw new GatewayError(
      failure(
        "INPUT_INVALID",
        `The broker has no such ${what} for ${input.instrument}. There are: ${some}.`,
      ),
    );
  };
  const scans = scansFor(read.params, input.instrument);
  if (!known(scans, input.scan)) refuse("scan", scans);
  const locations = locationsFor(read.params, input.instrument);
  if (!known(locations, input.location)) refuse("market", locations);
  const filters = filtersFor(read.params, input.instrument);
  for (const { code } of input.filters) if (!known(filters, code)) refuse("filter", filters);

  const answer = await context.ask(
    askScan({
      instrument: input.instrument,
      type: input.scan,
      location: input.location,
      filter: input.filters.map(({ code, value }) => ({
        code,
        // The broker wants figures as JSON numbers.
        value: /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value,
      })),
    }),
  );
  const rows = answer.value.contracts.flatMap((row) =>
    row.con_id === null ? [] : [{ ...row, conid: row.con_id }],
  );
  const lost = answer.value.contracts.length - rows.length;
  return {
    scan: input.scan,
    ranked_by: label(answer.value.scan_data_column_name, 60),
    rows: rows.slice(0, input.limit).map((row, index) => ({
      rank: index + 1,
      conid: row.conid,
      symbol: label(row.symbol, 100),
      name: label(row.company_name, 200),
      exchange: label(row.listing_exchange, 40),
      asset_class: label(row.sec_type, 20),
    })),
    total: rows.length,
    ...provenance(
      context,
      [answer],
      lost > 0 ? [`Left out: ${counted(lost, "row")} without a contract id.`] : [],
    ),
  };
});
