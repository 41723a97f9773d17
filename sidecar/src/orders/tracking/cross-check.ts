import type { OrderStore } from "../journal/store.ts";
import type { BookView } from "./evidence.ts";
import type { Progress } from "./progress.ts";

/** Every broker order that bears a mark of ours must have its intent; one that has none is told once. */
export function createCrossCheck(parts: {
  store: Pick<OrderStore, "byRef">;
  progress: Pick<Progress, "alert">;
}): (account: string, book: BookView) => void {
  const told = new Set<string>();
  return (account, book) => {
    for (const { order_ref, orderId } of book.orders) {
      if (order_ref === null || !order_ref.startsWith("ieg1-")) continue;
      if (parts.store.byRef(order_ref) !== null || told.has(order_ref)) continue;
      told.add(order_ref);
      parts.progress.alert({
        alert: "unexplained_order",
        message:
          "An order at the broker bears a reference of this gateway that this PC never sent.",
        record: null,
        accountId: account,
        ...(orderId === null ? {} : { cancelOffered: [orderId] }),
      });
    }
  };
}
