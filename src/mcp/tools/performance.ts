import { performanceGet as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/performance-get.ts";
import { byRows } from "../answer-pages.ts";
import { cursorInput, defineTool, READS_BROKER } from "../define-tool.ts";
import { accountInput } from "../tool-inputs.ts";

export const performanceTool = defineTool({
  name: "ibkr_performance",
  title: "Performance",
  description: "Net asset value and time-weighted return by day; four times an hour at most.",
  scope: "ibkr:portfolio:read",
  annotations: READS_BROKER,
  input: operation.input.extend({ ...accountInput, ...cursorInput }),
  operation,
  paging: byRows("days"),
  columns: { list: "days", row: operation.output.shape.days.element },
});
