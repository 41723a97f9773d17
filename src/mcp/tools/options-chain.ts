import { Conid } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import { optionsChain as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/options-chain.ts";
import * as z from "zod";
import { byOffset } from "../answer-pages.ts";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { numeric } from "../json-schema.ts";
import { OPERATION_PAGE, pageInput } from "../tool-inputs.ts";

export const optionsChainTool = defineTool({
  name: "ibkr_options_chain",
  title: "Option chain",
  description:
    "Listed options of one underlying in one month, nearest to the money unless strikes are named.",
  scope: "ibkr:options:read",
  annotations: READS_BROKER,
  input: operation.input.omit({ ...OPERATION_PAGE, underlying_conid: true }).extend({
    conid: numeric(Conid).describe("The underlying's"),
    month: operation.input.shape.month.describe("YYYY-MM; default: nearest"),
    expiry: operation.input.shape.expiry.describe("YYYY-MM-DD"),
    right: operation.input.shape.right.describe("Default: both"),
    trading_class: operation.input.shape.trading_class.describe("e.g. SPXW"),
    strikes: numeric(z.int().min(1).max(60)).default(10).describe("How many strikes"),
    ...pageInput,
  }),
  before: { underlying_conid: "conid" },
  operation,
  toOperationInput: ({ conid, cursor: _cursor, ...asked }) => ({
    ...asked,
    underlying_conid: conid,
  }),
  paging: byOffset("contracts"),
  columns: { list: "contracts", row: operation.output.shape.contracts.element },
});
