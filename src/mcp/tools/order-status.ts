import { ordersStatus as operation } from "../../protocol/operations/orders-status.ts";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { accountInput } from "../inputs.ts";

export const orderStatus = defineTool({
  name: "ibkr_order_status",
  title: "One order",
  description: "One order by the broker's order id: its state, fills, and why it was rejected.",
  scope: "ibkr:orders:read",
  annotations: READS_BROKER,
  input: operation.input.extend({ ...accountInput }),
  operation,
});
