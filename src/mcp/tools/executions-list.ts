import { executionsList as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/executions-list.ts";
import * as z from "zod";
import { byOffset } from "../answer-pages.ts";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { numeric } from "../json-schema.ts";
import { accountInput, OPERATION_PAGE, pageInput } from "../tool-inputs.ts";

export const executionsListTool = defineTool({
  name: "ibkr_executions_list",
  title: "Executions",
  description: "Fills of one account, at most seven days back, with commission.",
  scope: "ibkr:orders:read",
  annotations: READS_BROKER,
  input: operation.input.omit(OPERATION_PAGE).extend({
    ...accountInput,
    days: numeric(z.int().min(1).max(7)).default(1).describe("Days back, today included"),
    ...pageInput,
  }),
  operation,
  paging: byOffset("executions"),
  columns: { list: "executions", row: operation.output.shape.executions.element },
});
