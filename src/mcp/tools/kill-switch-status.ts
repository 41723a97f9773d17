import { tradeKillStatus as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/trade-kill-switch.ts";
import { defineTool, READS_GATEWAY } from "../define-tool.ts";

export const killSwitchStatusTool = defineTool({
  name: "ibkr_kill_switch_status",
  title: "Kill switch",
  description: "Whether trading is stopped, by whom and why, and what is still possible.",
  scope: "ibkr:risk:read",
  annotations: READS_GATEWAY,
  input: operation.input,
  operation,
});
