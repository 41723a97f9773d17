import { tradePreview as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/trade-previews.ts";
import { parseOrderInput } from "@ibkr-edge-gateway/protocol/orders/parse-input.ts";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { faultsOf, forParser } from "../order-input-refusals.ts";
import { orderWords } from "../order-tool-inputs.ts";

export const orderPreviewTool = defineTool({
  name: "ibkr_order_preview",
  title: "Prepare an order",
  description:
    "Prepares one order and sends nothing: the ticket in the PC's own words, market, cost, margin, the broker's warnings, and every limit that stands in the way. Show it to the human. Valid 5 minutes.",
  scope: "ibkr:orders:preview",
  annotations: { ...READS_BROKER, idempotentHint: false },
  input: operation.input.extend({
    ...orderWords,
    reduce_only: operation.input.shape.reduce_only.describe(
      "Refuse unless it only reduces a position",
    ),
  }),
  faults: (args) => faultsOf(parseOrderInput(forParser(args))),
  operation,
});
