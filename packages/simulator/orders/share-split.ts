import { Decimal } from "decimal.js";
import type { Simulator } from "../simulator.ts";
import { isFinished } from "../state/orders.ts";
import { endOrder } from "./order-lifecycle.ts";

/**
 * A split overnight: `ratio` new shares for each old one (below 1 for a reverse split). Holdings are
 * worth what they were, at more shares for less each; prices, past ones too, are those of the new
 * shares; working orders of the old ones end. Lasts as long as this run: a kept book holds the new shares and
 * does not know that prices changed. @throws RangeError for what cannot be split
 */
export function splitShares(sim: Simulator, conid: number, ratio: Decimal.Value): void {
  const factor = new Decimal(ratio);
  const instrument = sim.market.find(conid);
  if (instrument?.secType !== "STK" || !factor.gt(0))
    throw new RangeError(`no split of ${conid} by ${String(ratio)}`);
  sim.market.split(conid, factor.toNumber());
  for (const account of sim.world.accounts.values()) {
    const position = account.positions.get(conid);
    if (position === undefined) continue;
    for (const held of [position, position.opening, ...position.past]) {
      if (held === undefined) continue;
      held.quantity = held.quantity.mul(factor);
      held.averagePrice = held.averagePrice.div(factor);
    }
  }
  for (const order of sim.book.orders.values()) {
    if (order.conid === conid && !isFinished(order)) endOrder(sim, order, "Split of the shares");
  }
}
