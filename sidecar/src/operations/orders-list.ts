import { ordersList } from "../../../src/protocol/operations/orders-list.ts";
import { liveOrders } from "../client-portal/endpoints/orders.ts";
import { pageOf, provenance } from "./context.ts";
import { canStillTrade, orderFrom } from "./order-rows.ts";
import { resolveAccount } from "./resolve-account.ts";
import { serve } from "./serve.ts";

const EMPTY_UNPROVED =
  "The broker's order list came back empty and could not be confirmed; it does not mean that there are no orders.";

export const serveOrdersList = serve(ordersList, async (context, input) => {
  const { accountId, accountCount } = await resolveAccount(context, input.account_id);
  const answer = await context.ask(liveOrders(accountCount > 1 ? { accountId } : {}));
  const read = answer.value.orders.map((row) => orderFrom(row, context.isOwnOrder));
  const lost = read.filter((order) => order === null).length;
  const orders = read
    .flatMap((order) => order ?? [])
    .filter((order) => order.account_id === accountId)
    .filter((order) => input.show === "all" || canStillTrade(order.status))
    .toSorted((a, b) => (b.updated_at ?? "").localeCompare(a.updated_at ?? ""));
  const proved = answer.proved && lost === 0;
  const notes: string[] = [];
  if (!proved && orders.length === 0) notes.push(EMPTY_UNPROVED);
  if (lost > 0)
    notes.push(`${lost} order row(s) of the broker could not be read and are missing here.`);
  const { rows, page } = pageOf(orders, input);
  return {
    account_id: accountId,
    orders: rows,
    proved,
    page,
    ...provenance(context, [answer], notes),
  };
});
