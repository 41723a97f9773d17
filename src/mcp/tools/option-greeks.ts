import { Conid } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import { optionsGreeks as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/options-greeks.ts";
import * as z from "zod";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { numeric } from "../json-schema.ts";

export const optionGreeksTool = defineTool({
  name: "ibkr_option_greeks",
  title: "Option greeks",
  description:
    "The broker's model figures: delta, gamma, theta, vega, implied volatility (percent a year).",
  scope: "ibkr:options:read",
  annotations: READS_BROKER,
  input: operation.input.extend({
    conids: z.array(numeric(Conid)).min(1).max(50).describe("conids from the option chain"),
  }),
  operation,
});
