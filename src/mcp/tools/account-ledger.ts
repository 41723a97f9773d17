import { accountLedger as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/account-ledger.ts";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { accountInput } from "../tool-inputs.ts";

export const accountLedgerTool = defineTool({
  name: "ibkr_account_ledger",
  title: "Cash by currency",
  description: "Cash, holdings, interest and dividends of one account by currency.",
  scope: "ibkr:portfolio:read",
  annotations: READS_BROKER,
  input: operation.input.extend({ ...accountInput }),
  operation,
});
