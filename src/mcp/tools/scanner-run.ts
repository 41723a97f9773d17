import { scannerRun as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/scanner-run.ts";
import * as z from "zod";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { numeric } from "../json-schema.ts";

export const scannerRunTool = defineTool({
  name: "ibkr_scanner_run",
  title: "Market scan",
  description: "Runs a market scan, at most 50 rows. Codes come from ibkr_scanner_codes.",
  scope: "ibkr:scanner:read",
  annotations: READS_BROKER,
  input: operation.input.extend({
    scan: operation.input.shape.scan.describe("e.g. TOP_PERC_GAIN"),
    instrument: operation.input.shape.instrument.describe("Instrument type"),
    location: operation.input.shape.location.describe("Market"),
    filters: operation.input.shape.filters.describe("e.g. priceAbove 5"),
    limit: numeric(z.int().min(1).max(50)).default(25).describe("Rows"),
  }),
  operation,
});
