import { pnlRealtime as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/pnl-realtime.ts";
import { byOffset } from "../answer-pages.ts";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { accountInput, OPERATION_PAGE, pageInput } from "../tool-inputs.ts";

export const pnlRealtimeTool = defineTool({
  name: "ibkr_pnl_realtime",
  title: "Profit and loss by holding",
  description: "Open and realized profit and loss of each holding now, with sums by currency.",
  scope: "ibkr:portfolio:read",
  annotations: READS_BROKER,
  input: operation.input.omit(OPERATION_PAGE).extend({ ...accountInput, ...pageInput }),
  operation,
  paging: byOffset("rows"),
  columns: { list: "rows", row: operation.output.shape.rows.element },
});
