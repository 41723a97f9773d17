import { tradeSubmit as operation } from "@ibkr-edge-gateway/protocol/operations/edge-orders.ts";
import { defineTool, WRITES_BROKER } from "../define-tool.ts";
import { submitInput } from "../order-inputs.ts";

export const liveBracketOrderSubmit = defineTool({
  name: "ibkr_live_bracket_order_submit",
  title: "Submit a live bracket order",
  description:
    "Sends a bracket or group the owner approved to the live account, with real money. Once per approval and key. The answer names the state and its proof; accepted is not working. On pending or unknown never send anew.",
  scope: "ibkr:orders:live:submit",
  annotations: WRITES_BROKER,
  input: submitInput,
  operation,
  toOperationInput: (input) => ({ ...input, mode: "live" as const, structure: "bracket" as const }),
});
