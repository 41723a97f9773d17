import { marketHolidays as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/market-holidays.ts";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { conidInput } from "../tool-inputs.ts";

export const marketHolidaysTool = defineTool({
  name: "ibkr_market_holidays",
  title: "Market holidays",
  description: "Closed and shortened days in a contract's trading schedule.",
  scope: "ibkr:calendar:read",
  annotations: READS_BROKER,
  input: operation.input.extend({ ...conidInput }),
  operation,
});
