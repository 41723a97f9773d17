import { currencyRate as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/currency-rate.ts";
import { defineTool, READS_BROKER } from "../define-tool.ts";

export const currencyRateTool = defineTool({
  name: "ibkr_currency_rate",
  title: "Exchange rate",
  description: "How many units of quote one unit of base is worth. Indicative.",
  scope: "ibkr:currency:read",
  annotations: READS_BROKER,
  input: operation.input,
  operation,
});
