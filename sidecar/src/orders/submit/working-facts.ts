import type { Contract } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { OrderDecimal } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import type { WorkingOrderFact } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { canStillTrade } from "../../client-portal/domain/order-rows.ts";
import type { OperationContext } from "../../operations/context.ts";
import { readOrders } from "../../operations/live-orders.ts";
import type { ResolvedAccount } from "../../operations/resolve-account.ts";
import type { OrderStore } from "../journal/store.ts";
import { figure, orNull } from "./facts.ts";
import { contractsOf, workingValue } from "./working-value.ts";

/** Orders that can still trade, ours and foreign ones; null when the list is not proved. */
export async function readWorkingFacts(
  context: OperationContext,
  account: ResolvedAccount,
  store: OrderStore,
  rates: ReadonlyMap<string, string> | null,
  /** Whether their values are asked for; what an exit is judged by does not wait for them. */
  valued = true,
): Promise<WorkingOrderFact[] | null> {
  const read = await orNull(readOrders(context, account));
  // An empty day is never fully proved by the broker's list; two looks at it are what there is.
  // A row that cannot be read may be any order, one that takes from the same position too.
  if (read === null || read.lost > 0 || (!read.proved && read.orders.length > 0)) return null;
  const refs = new Map(read.orders.map((order) => [order.order_id, order.order_ref]));
  const facts: WorkingOrderFact[] = [];
  const working = read.orders.filter(({ status }) => canStillTrade(status));
  const contracts = valued ? await contractsOf(context, working) : new Map<number, Contract>();
  for (const order of working) {
    const remaining = figure(order.remaining);
    if (order.conid === null || order.side === null || remaining === null) return null;
    if (!OrderDecimal.safeParse(remaining).success) return null;
    const rate = order.currency === null ? undefined : rates?.get(order.currency);
    const own =
      order.order_ref === null ? store.byOrderId(order.order_id) : store.byRef(order.order_ref);
    facts.push({
      order_id: order.order_id,
      order_ref: order.order_ref,
      parent_ref: order.parent_id === null ? null : (refs.get(order.parent_id) ?? order.parent_id),
      foreign: own === null,
      conid: order.conid,
      side: order.side === "buy" ? "BUY" : "SELL",
      order_type: order.order_type ?? "UNKNOWN",
      remaining,
      limit_price: figure(order.limit_price),
      stop_price: figure(order.stop_price),
      notional: workingValue(order, remaining, contracts.get(order.conid) ?? null, rate),
      exit_only: order.parent_id !== null,
      oca_group: order.oca_group,
    });
  }
  return facts;
}
