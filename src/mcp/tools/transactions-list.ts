import { transactionsList as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/transactions-list.ts";
import * as z from "zod";
import { byOffset } from "../answer-pages.ts";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { numeric } from "../json-schema.ts";
import { accountInput, conidInput, OPERATION_PAGE, pageInput } from "../tool-inputs.ts";

export const transactionsListTool = defineTool({
  name: "ibkr_transactions_list",
  title: "Transactions",
  description: "What was traded and paid in one contract, up to a year back. Nothing of today.",
  scope: "ibkr:transfers:read",
  annotations: READS_BROKER,
  input: operation.input.omit(OPERATION_PAGE).extend({
    ...accountInput,
    ...conidInput,
    days: numeric(z.int().min(1).max(365)).default(90).describe("Days back"),
    ...pageInput,
  }),
  operation,
  paging: byOffset("transactions"),
  columns: { list: "transactions", row: operation.output.shape.transactions.element },
});
