import { tradePreviewGroup as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/trade-previews.ts";
import { parseGroupInput } from "@ibkr-edge-gateway/protocol/orders/parse-input.ts";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { faultsOf, forParser } from "../order-input-refusals.ts";
import { orderWords } from "../order-tool-inputs.ts";

const { order_type: _type, ...shared } = orderWords;

export const ocaOrderPreviewTool = defineTool({
  name: "ibkr_oca_order_preview",
  title: "Prepare a one-cancels-all group",
  description:
    "Prepares two to six orders for one amount of one contract as one native group: the first fill ends the others. Sends nothing. One approval covers all; submit it with the bracket tool.",
  scope: "ibkr:orders:preview",
  annotations: { ...READS_BROKER, idempotentHint: false },
  input: operation.input.extend({
    ...shared,
    quantity: operation.input.shape.quantity.describe("Of each order, as a decimal string"),
    reduce_only: operation.input.shape.reduce_only.describe(
      "Refuse unless it only reduces a position",
    ),
    orders: operation.input.shape.orders.describe(
      "What tells them apart, e.g. a LMT target and a STP",
    ),
  }),
  faults: (args) => faultsOf(parseGroupInput(forParser(args))),
  operation,
});
