import { Conid } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import { marketSnapshot as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/market-snapshot.ts";
import * as z from "zod";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { numeric } from "../json-schema.ts";

export const marketSnapshotTool = defineTool({
  name: "ibkr_market_snapshot",
  title: "Quotes",
  description: "Quotes by conid: open or closed, price ages, reference price.",
  scope: "ibkr:marketdata:read",
  annotations: READS_BROKER,
  input: operation.input.extend({
    conids: z.array(numeric(Conid)).min(1).max(100).describe("Contract ids"),
    fields: operation.input.shape.fields.describe(
      "Default: last, bid, ask, sizes, prior_close, change, volume",
    ),
  }),
  operation,
});
