import type { Simulator } from "../simulator.ts";
import { isFinished, type Order } from "../state/orders.ts";
import { endCancel } from "./change-order.ts";
import { arm, endOrder, expireInTime, route } from "./order-lifecycle.ts";

/** Sets every order of a kept book in motion again, each where it stood. */
export function resume(sim: Simulator): void {
  for (const order of sim.book.orders.values()) {
    if (!order.lost && !isFinished(order)) resumeOne(sim, order);
  }
  arm(sim);
}

function resumeOne(sim: Simulator, order: Order): void {
  const { routeMs, cancelMs } = sim.behaviours.orderLife;
  if (order.expiresAt <= sim.clock.now()) {
    endOrder(sim, order, "Order expired");
    return;
  }
  if (order.status === "PendingSubmit") sim.clock.after(routeMs, () => route(sim, order));
  if (order.status === "PendingCancel") sim.clock.after(cancelMs, () => endCancel(sim, order));
  expireInTime(sim, order);
}
