import { positionsList as operation } from "../../protocol/operations/positions-list.ts";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { byOffset, pageInput } from "../offset-paging.ts";

export const positionsList = defineTool({
  name: "ibkr_positions_list",
  title: "Positions",
  description:
    "What one account holds: quantity, price, value, cost, profit and loss of each position.",
  scope: "ibkr:positions:read",
  annotations: READS_BROKER,
  input: operation.input.omit({ offset: true, limit: true }).extend(pageInput),
  operation,
  paging: byOffset,
});
