import { tradeSubmit as operation } from "@ibkr-edge-gateway/protocol/operations/edge-orders.ts";
import { defineTool, WRITES_BROKER } from "../define-tool.ts";
import { submitInput } from "../order-inputs.ts";

export const paperBracketOrderSubmit = defineTool({
  name: "ibkr_paper_bracket_order_submit",
  title: "Submit a paper bracket order",
  description:
    "Sends a bracket or group the owner approved to the paper account. Once per approval and key. The answer names the state and its proof; accepted is not working. On pending or unknown never send anew.",
  scope: "ibkr:orders:paper:submit",
  annotations: WRITES_BROKER,
  input: submitInput,
  operation,
  toOperationInput: (input) => ({
    ...input,
    mode: "paper" as const,
    structure: "bracket" as const,
  }),
});
