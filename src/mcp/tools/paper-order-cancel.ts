import { tradeCancel as operation } from "@ibkr-edge-gateway/protocol/operations/edge-orders.ts";
import { defineTool, WRITES_BROKER } from "../define-tool.ts";
import { cancelInput } from "../order-inputs.ts";

export const paperOrderCancel = defineTool({
  name: "ibkr_paper_order_cancel",
  title: "Cancel a paper order",
  description:
    "Withdraws one working order of this gateway in the paper account. Needs no approval; an engaged kill switch lets it pass. Withdrawn only when the state says cancelled.",
  scope: "ibkr:orders:paper:cancel",
  annotations: WRITES_BROKER,
  input: cancelInput,
  operation,
  toOperationInput: (input) => ({ ...input, mode: "paper" as const }),
});
