import type { Instrument } from "../market/instrument.ts";
import type { Simulator } from "../simulator.ts";
import type { Order } from "../state/orders.ts";
import { instantOf, localTime } from "../zone.ts";

/** Around the clock a day ends at midnight; an order of its last hour belongs to the next one. */
const LATE_MS = 3_600_000;

/** When the order's time in force is over, in ms since the epoch; infinity where it never is. */
export function expiry(sim: Simulator, order: Order, instrument: Instrument): number {
  if (order.tif === "PAX") return Number.POSITIVE_INFINITY;
  if (order.tif === "GTC") return endOfNextQuarter(sim);
  const kind = order.outsideRth ? "extended" : "liquid";
  const now = sim.clock.now();
  const { hours } = sim.market;
  const after = hours.setting === "always" ? now + LATE_MS : now;
  const next = hours
    .sessionsAround(instrument.venue, kind, now, 1, 8)
    .find(({ session }) => session.closes > after);
  return next?.session.closes ?? Number.POSITIVE_INFINITY;
}

/** Good-till-cancelled orders are ended by the broker at the end of the next calendar quarter. */
function endOfNextQuarter(sim: Simulator): number {
  const { zone } = sim.behaviours.resets;
  const { year, month } = localTime(sim.clock.now(), zone);
  const firstMonthAfter = Math.floor((month - 1) / 3) * 3 + 7;
  return instantOf(zone, year, firstMonthAfter, 1);
}
