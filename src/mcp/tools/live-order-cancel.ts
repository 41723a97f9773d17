import { tradeCancel as operation } from "@ibkr-edge-gateway/protocol/operations/edge-orders.ts";
import { defineTool, WRITES_BROKER } from "../define-tool.ts";
import { cancelInput } from "../order-inputs.ts";

export const liveOrderCancel = defineTool({
  name: "ibkr_live_order_cancel",
  title: "Cancel a live order",
  description:
    "Withdraws one working order of this gateway in the live account. Needs no approval; an engaged kill switch lets it pass. Withdrawn only when the state says cancelled.",
  scope: "ibkr:orders:live:cancel",
  annotations: WRITES_BROKER,
  input: cancelInput,
  operation,
  toOperationInput: (input) => ({ ...input, mode: "live" as const }),
});
