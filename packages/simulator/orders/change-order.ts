import type { Simulator } from "../simulator.ts";
import { isFinished, type Order, type OrderDraft, remaining } from "../state/orders.ts";
import { endOrder, fill, route, update } from "./order-lifecycle.ts";

/** A cancel was asked for: it takes its time, and may come too late. */
export function requestCancel(sim: Simulator, order: Order): void {
  if (isFinished(order) || order.status === "PendingCancel") return;
  update(sim, order, { status: "PendingCancel" });
  sim.clock.after(sim.behaviours.orderLife.cancelMs, () => endCancel(sim, order));
}

/** The cancel has reached the exchange. */
export function endCancel(sim: Simulator, order: Order): void {
  if (isFinished(order)) return;
  const instrument = sim.market.find(order.conid);
  if (!sim.behaviours.orderLife.cancelLosesRace || instrument === undefined) {
    endOrder(sim, order, "");
    return;
  }
  const { last } = sim.market.quote(instrument);
  order.pieces = [];
  const price = order.type === "MKT" ? last : (order.price ?? last);
  fill(sim, order, instrument, remaining(order), price);
}

/** Restates a working order; it is routed anew. */
export function modifyOrder(sim: Simulator, order: Order, draft: OrderDraft): void {
  const { quantity, price, auxPrice, trailing, tif, outsideRth } = draft;
  order.pieces = [];
  update(sim, order, {
    quantity,
    price,
    auxPrice,
    trailing,
    tif,
    outsideRth,
    triggered: false,
    trailStop: undefined,
    status: "PendingSubmit",
  });
  sim.clock.after(sim.behaviours.orderLife.routeMs, () => route(sim, order));
}
