import { tradeSubmit as operation } from "@ibkr-edge-gateway/protocol/operations/edge-orders.ts";
import { defineTool, WRITES_BROKER } from "../define-tool.ts";
import { submitInput } from "../order-inputs.ts";

export const paperOrderSubmit = defineTool({
  name: "ibkr_paper_order_submit",
  title: "Submit a paper order",
  description:
    "Sends an order the owner approved to the paper account. Once per approval and key. The answer names the state and its proof; accepted is not working. On pending or unknown never send anew.",
  scope: "ibkr:orders:paper:submit",
  annotations: WRITES_BROKER,
  input: submitInput,
  operation,
  toOperationInput: (input) => ({ ...input, mode: "paper" as const, structure: "single" as const }),
});
