import { ordersList } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-list.ts";
import { canStillTrade } from "../client-portal/domain/order-rows.ts";
import { readOrders } from "./live-orders.ts";
import { pageOf, provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";
import { resolveAccount } from "./resolve-account.ts";

export const serveOrdersList = serve(ordersList, async (context, input) => {
  const account = await resolveAccount(context, input.account_id);
  const read = await readOrders(context, account);
  const orders = read.orders.filter((order) => input.show === "all" || canStillTrade(order.status));
  const { rows, page } = pageOf(orders, input);
  return {
    account_id: account.accountId,
    orders: rows,
    proved: read.proved,
    page,
    ...provenance(context, [read.part], read.notes),
  };
});
