import { contractsSearch as operation } from "../../protocol/operations/contracts-search.ts";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { byOffset, pageInput } from "../offset-paging.ts";

export const contractsSearch = defineTool({
  name: "ibkr_contracts_search",
  title: "Find contracts",
  description:
    "Instruments that a symbol or company name may mean, with their conid. Several candidates mean: ask which one.",
  scope: "ibkr:marketdata:read",
  annotations: READS_BROKER,
  input: operation.input.omit({ offset: true, limit: true }).extend(pageInput),
  operation,
  paging: byOffset,
});
