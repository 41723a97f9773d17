import { marketBars as operation } from "../../protocol/operations/market-bars.ts";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { conidInput } from "../inputs.ts";

export const historicalBars = defineTool({
  name: "ibkr_historical_bars",
  title: "Price history",
  description: "Bars, oldest first, at most 1000. truncated: older ones of the period are missing.",
  scope: "ibkr:marketdata:read",
  annotations: READS_BROKER,
  input: operation.input.extend({
    ...conidInput,
    bar: operation.input.shape.bar.describe("1m is a month, 1min a minute"),
    period: operation.input.shape.period.describe("30min, 8h, 5d, 4w, 6m (months), 1y"),
    end: operation.input.shape.end.describe("UTC; default: now"),
    outside_rth: operation.input.shape.outside_rth.describe("Extended hours too"),
  }),
  operation,
});
