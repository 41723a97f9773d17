import { contractsSearch as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/contracts-search.ts";
import { byOffset } from "../answer-pages.ts";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { filterInput, OPERATION_PAGE, pageInput } from "../tool-inputs.ts";

export const contractsSearchTool = defineTool({
  name: "ibkr_contracts_search",
  title: "Find contracts",
  description: "Instruments a symbol or name may mean, with conid. When several match, ask which.",
  scope: "ibkr:marketdata:read",
  annotations: READS_BROKER,
  input: operation.input.omit(OPERATION_PAGE).extend({
    // Nothing that does not show, or that turns the text around: what is asked for is what is seen.
    query: operation.input.shape.query
      .regex(/^[^\p{C}\p{Zl}\p{Zp}]*$/u, "must be visible characters")
      .describe("Symbol, or part of a name"),
    by_name: operation.input.shape.by_name.describe("Search company names"),
    ...filterInput,
    ...pageInput,
  }),
  operation,
  paging: byOffset("candidates"),
});
