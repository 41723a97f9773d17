import { ordersList as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-list.ts";
import { byOffset } from "../answer-pages.ts";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { accountInput, OPERATION_PAGE, pageInput } from "../tool-inputs.ts";

export const ordersListTool = defineTool({
  name: "ibkr_orders_list",
  title: "Orders",
  description:
    "Orders of one account, also foreign ones (placed elsewhere). Empty means none only when proved.",
  scope: "ibkr:orders:read",
  annotations: READS_BROKER,
  input: operation.input.omit(OPERATION_PAGE).extend({
    ...accountInput,
    show: operation.input.shape.show.describe("all: the broker's whole day"),
    ...pageInput,
  }),
  operation,
  paging: byOffset("orders"),
  columns: { list: "orders", row: operation.output.shape.orders.element },
});
