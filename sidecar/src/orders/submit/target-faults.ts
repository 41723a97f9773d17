import type {
  CanonicalOrder,
  TargetOrder,
} from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { OperationContext } from "../../operation-handlers/operation-context.ts";
import type { ResolvedAccount } from "../../operation-handlers/resolve-account.ts";
import type { OrderStore } from "../journal/order-store.ts";
import { readTarget } from "../preview/read-target-order.ts";
import { currentOnly } from "./dated-fact.ts";

/** A change is only sent to the order as the owner saw it. */
export async function targetFaults(
  context: OperationContext,
  account: ResolvedAccount,
  store: OrderStore,
  order: CanonicalOrder,
): Promise<OrderRefusal[]> {
  const { target } = order;
  const not = (rule: string, message: string): OrderRefusal[] => [
    refusal("ORDER_NOT_MODIFIABLE", "order_id", rule, message),
  ];
  if (target === null) return not("target", "The change names no order.");
  const read = await readTarget(currentOnly(context), account, store, target.order_id, "modify");
  if (!read.ok) return read.refusals;
  const moved = movedSince(target, read.target);
  return moved.length === 0
    ? []
    : not(
        "as_previewed",
        `The order has changed or traded since the change was previewed (${moved.join(", ")}). Prepare the change anew.`,
      );
}

/** What of an order is another by now, of all that a change of it states again. */
function movedSince(then: TargetOrder, now: TargetOrder): string[] {
  const { before: was } = then;
  const { before: is } = now;
  const terms: [string, string | null | undefined, string | null | undefined][] = [
    ["filled quantity", then.filled_quantity, now.filled_quantity],
    ["quantity", was.quantity, is.quantity],
    ["limit price", was.limit_price, is.limit_price],
    ["stop price", was.stop_price, is.stop_price],
    ["trailing offset", was.trailing?.offset, is.trailing?.offset],
    ["trailing unit", was.trailing?.unit, is.trailing?.unit],
    ["side", was.side, is.side],
    ["type", was.order_type, is.order_type],
    ["time in force", was.time_in_force, is.time_in_force],
    ["hours", String(was.outside_rth), String(is.outside_rth)],
    ["contract", String(was.contract.conid), String(is.contract.conid)],
  ];
  return terms.flatMap(([name, a, b]) => (isSame(a ?? null, b ?? null) ? [] : [name]));
}

/** Figures by their value, everything else as it stands. */
function isSame(a: string | null, b: string | null): boolean {
  const [one, other] = [parseFigure(a), parseFigure(b)];
  return one === null || other === null ? a === b : one.equals(other);
}
