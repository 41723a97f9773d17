import { portfolioAllocation as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/portfolio-allocation.ts";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { accountInput } from "../tool-inputs.ts";

export const portfolioAllocationTool = defineTool({
  name: "ibkr_portfolio_allocation",
  title: "Allocation",
  description: "How the account is spread over asset classes, sectors and groups, long and short.",
  scope: "ibkr:portfolio:read",
  annotations: READS_BROKER,
  input: operation.input.extend({ ...accountInput }),
  operation,
});
