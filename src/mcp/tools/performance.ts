import { performanceGet as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/performance-get.ts";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { accountInput } from "../tool-inputs.ts";

export const performanceTool = defineTool({
  name: "ibkr_performance",
  title: "Performance",
  description: "Net asset value and time-weighted return by day; four times an hour at most.",
  scope: "ibkr:portfolio:read",
  annotations: READS_BROKER,
  input: operation.input.extend({ ...accountInput }),
  operation,
});
