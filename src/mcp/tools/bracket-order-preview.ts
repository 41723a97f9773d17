import { tradePreviewBracket as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/trade-previews.ts";
import { parseBracketInput } from "@ibkr-edge-gateway/protocol/orders/parse-input.ts";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { faultsOf, forParser } from "../order-input-refusals.ts";
import { orderWords } from "../order-tool-inputs.ts";

export const bracketOrderPreviewTool = defineTool({
  name: "ibkr_bracket_order_preview",
  title: "Prepare a bracket order",
  description:
    "Prepares an entry with a profit target and a protective stop as one native bracket; sends nothing. One approval covers all three legs.",
  scope: "ibkr:orders:preview",
  annotations: { ...READS_BROKER, idempotentHint: false },
  input: operation.input.extend({
    ...orderWords,
  }),
  faults: (args) => faultsOf(parseBracketInput(forParser(args))),
  operation,
});
