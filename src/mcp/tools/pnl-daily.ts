import { pnlDaily as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/pnl-daily.ts";
import { pnlPartitioned } from "@ibkr-edge-gateway/protocol/operation-schemas/pnl-partitioned.ts";
import * as z from "zod";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { accountInput } from "../tool-inputs.ts";

export const pnlDailyTool = defineTool({
  name: "ibkr_pnl_daily",
  title: "Profit and loss today",
  description: "Profit and loss since the previous close, realized and open, in base currency.",
  scope: "ibkr:portfolio:read",
  annotations: READS_BROKER,
  input: operation.input.extend({
    ...accountInput,
    by_model: z.boolean().default(false).describe("The broker's partition by model"),
  }),
  operation,
  toOperationInput: ({ account_id }) => ({ account_id }),
  instead: {
    when: ({ by_model }) => by_model,
    operation: pnlPartitioned,
    toOperationInput: ({ account_id }) => ({ account_id }),
  },
});
