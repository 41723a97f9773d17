import { marketDepth as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/market-depth.ts";
import * as z from "zod";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { numeric } from "../json-schema.ts";
import { accountInput, conidInput } from "../tool-inputs.ts";

export const marketDepthTool = defineTool({
  name: "ibkr_market_depth",
  title: "Order book",
  description: "Bids and asks by price level, where the account subscribes to them.",
  scope: "ibkr:marketdata:depth:read",
  annotations: READS_BROKER,
  input: operation.input.extend({
    ...conidInput,
    ...accountInput,
    exchange: operation.input.shape.exchange.describe("Default: all, aggregated"),
    levels: numeric(z.int().min(1).max(20)).default(10).describe("Levels each side"),
  }),
  operation,
});
