import { contractsResolve as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/contracts-resolve.ts";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { filterInput } from "../tool-inputs.ts";

export const contractResolveTool = defineTool({
  name: "ibkr_contract_resolve",
  title: "Resolve a symbol",
  description: "One symbol to one conid, or the candidates it may mean. The home listing is taken.",
  scope: "ibkr:marketdata:read",
  annotations: READS_BROKER,
  input: operation.input.extend({
    symbol: operation.input.shape.symbol.describe("Exact, e.g. AAPL or BRK B"),
    ...filterInput,
  }),
  operation,
});
