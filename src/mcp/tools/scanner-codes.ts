import { scannerCodes as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/scanner-codes.ts";
import { byOffset } from "../answer-pages.ts";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { OPERATION_PAGE, pageInput } from "../tool-inputs.ts";

export const scannerCodesTool = defineTool({
  name: "ibkr_scanner_codes",
  title: "Scanner codes",
  description: "The scans, markets and filters that ibkr_scanner_run accepts.",
  scope: "ibkr:scanner:read",
  annotations: READS_BROKER,
  input: operation.input.omit(OPERATION_PAGE).extend({
    instrument: operation.input.shape.instrument.describe("Instrument type"),
    kind: operation.input.shape.kind.describe("Which codes"),
    ...pageInput,
  }),
  operation,
  paging: byOffset("codes"),
});
