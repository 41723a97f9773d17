import { accountSummary as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/account-summary.ts";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { accountInput } from "../tool-inputs.ts";

export const accountSummaryTool = defineTool({
  name: "ibkr_account_summary",
  title: "Account summary",
  description: "Net liquidation, cash, margin and buying power of one account.",
  scope: "ibkr:portfolio:read",
  annotations: READS_BROKER,
  input: operation.input.extend(accountInput),
  operation,
});
