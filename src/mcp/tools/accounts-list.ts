import { accountsList as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/accounts-list.ts";
import * as z from "zod";
import { defineTool, READS_BROKER } from "../define-tool.ts";

export const accountsListTool = defineTool({
  name: "ibkr_accounts_list",
  title: "Broker accounts",
  description: "The owner's broker accounts: id, paper or live, base currency.",
  scope: "ibkr:accounts:read",
  annotations: READS_BROKER,
  input: z.strictObject({}),
  operation,
});
