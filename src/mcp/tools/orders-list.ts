import { ordersList as operation } from "../../protocol/operations/orders-list.ts";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { byOffset, pageInput } from "../offset-paging.ts";

export const ordersList = defineTool({
  name: "ibkr_orders_list",
  title: "Orders",
  description:
    "Orders of one account, also those placed elsewhere (origin foreign). An empty list means no orders only when proved is true.",
  scope: "ibkr:orders:read",
  annotations: READS_BROKER,
  input: operation.input.omit({ offset: true, limit: true }).extend(pageInput),
  operation,
  paging: byOffset,
});
