import type { IntentOrder } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import type { AnswerRow } from "@ibkr-edge-gateway/protocol/orders/classify-answer.ts";

/** The rows of an answer, laid over the orders that were planned. */
export function withAnswer(
  orders: readonly IntentOrder[],
  rows: readonly AnswerRow[],
  action: "place" | "modify",
): IntentOrder[] {
  const left = [...rows];
  const take = (fits: (row: AnswerRow) => boolean): AnswerRow | undefined => {
    const index = left.findIndex(fits);
    return index < 0 ? undefined : left.splice(index, 1)[0];
  };
  const laid = new Map<IntentOrder, AnswerRow | undefined>();
  const isChild = (order: IntentOrder): boolean =>
    order.role === "take_profit" || order.role === "stop_loss";
  const principal = orders.filter((order) => !isChild(order));
  for (const order of principal) {
    const own = take(
      (row) => row.local_order_id === order.order_ref && row.parent_order_id === null,
    );
    laid.set(
      order,
      own ?? (principal.length === 1 ? take((row) => row.parent_order_id === null) : undefined),
    );
  }
  // The broker does not say which exit a row is; the ids are told apart by the book.
  const refused = orders.filter(isChild).length - left.filter((row) => row.taken).length;
  return orders.map((order): IntentOrder => {
    if (isChild(order)) {
      return refused > 0
        ? { ...order, state: refused === orders.filter(isChild).length ? "rejected" : order.state }
        : order;
    }
    const row = laid.get(order);
    if (row === undefined) return action === "modify" ? { ...order, state: "accepted" } : order;
    return {
      ...order,
      order_id: row.order_id ?? order.order_id,
      state: row.taken && row.order_id !== null ? "accepted" : "rejected",
      broker_status: row.status?.slice(0, 40) ?? null,
    };
  });
}
