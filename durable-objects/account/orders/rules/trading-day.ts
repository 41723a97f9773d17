import type { Waits } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";

const DAYS = new Map<string, Intl.DateTimeFormat>();

/** Whose calendar the day's limits follow. */
export const TRADING_ZONE = "America/New_York";

/** The trading day an instant belongs to, `YYYY-MM-DD`: the calendar day of the zone. */
export function tradingDay(nowMs: number, zone: string = TRADING_ZONE): string {
  let formatter = DAYS.get(zone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat("en-CA", {
      timeZone: zone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
    });
    DAYS.set(zone, formatter);
  }
  return formatter.format(nowMs);
}

/**
 * The day whose limits an order counts against: the session that it waits for while nothing trades,
 * since there it can fill with all the others that wait; else the day on which it is sent.
 */
export function sessionDay(waits: Waits | null | undefined, nowMs: number): string {
  if (waits == null) return tradingDay(nowMs);
  return waits.session ?? tradingDay(Date.parse(waits.until));
}
