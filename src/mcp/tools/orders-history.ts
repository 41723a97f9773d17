import { ordersHistory as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-history.ts";
import { byOffset } from "../answer-pages.ts";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { accountInput, OPERATION_PAGE, pageInput } from "../tool-inputs.ts";

export const ordersHistoryTool = defineTool({
  name: "ibkr_orders_history",
  title: "Order history",
  description:
    "Orders of the broker's day, and older ones as their executions tell, seven days at most.",
  scope: "ibkr:orders:read",
  annotations: READS_BROKER,
  input: operation.input.omit(OPERATION_PAGE).extend({ ...accountInput, ...pageInput }),
  operation,
  paging: byOffset("orders"),
  columns: { list: "orders", row: operation.output.shape.orders.element },
});
