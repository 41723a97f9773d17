import { positionsList as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/positions-list.ts";
import { byOffset } from "../answer-pages.ts";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { accountInput, OPERATION_PAGE, pageInput } from "../tool-inputs.ts";

export const positionsListTool = defineTool({
  name: "ibkr_positions_list",
  title: "Positions",
  description: "Holdings of one account: quantity, price, value, cost, profit and loss.",
  scope: "ibkr:positions:read",
  annotations: READS_BROKER,
  input: operation.input.omit(OPERATION_PAGE).extend({
    ...accountInput,
    feed: operation.input.shape.feed.describe("settled: slower, more contract detail"),
    ...pageInput,
  }),
  operation,
  paging: byOffset("positions"),
  columns: { list: "positions", row: operation.output.shape.positions.element },
});
