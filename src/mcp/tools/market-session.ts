import { marketSession as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/market-session.ts";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { conidInput } from "../tool-inputs.ts";

export const marketSessionTool = defineTool({
  name: "ibkr_market_session",
  title: "Trading hours",
  description: "Whether a contract trades now, and when it opens and closes next.",
  scope: "ibkr:calendar:read",
  annotations: READS_BROKER,
  input: operation.input.extend({
    ...conidInput,
    exchange: operation.input.shape.exchange.describe("Default: the primary one"),
  }),
  operation,
});
