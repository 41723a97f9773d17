import type { Waits } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { dayInZone } from "@ibkr-edge-gateway/protocol/zone-format.ts";

/** Whose calendar the day's limits follow. */
export const TRADING_ZONE = "America/New_York";

/** The trading day an instant belongs to, `YYYY-MM-DD`: the calendar day of the zone. */
export const tradingDay = (nowMs: number, zone: string = TRADING_ZONE): string =>
  dayInZone(nowMs, zone);

/**
 * The day whose limits an order counts against: the session that it waits for while nothing trades,
 * since there it can fill with all the others that wait; else the day on which it is sent.
 */
export function sessionDay(waits: Waits | null | undefined, nowMs: number): string {
  if (waits == null) return tradingDay(nowMs);
  return waits.session ?? tradingDay(Date.parse(waits.until));
}
