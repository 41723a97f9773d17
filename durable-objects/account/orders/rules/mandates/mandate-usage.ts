import { sumOf } from "@ibkr-edge-gateway/policy/percent.ts";
import type { MandateUsage } from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import { OrderOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import { Decimal, decimalText } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { openUnderMandate } from "../../tables/approvals.ts";
import { ordersUnder } from "../../tables/joint/mandate-orders.ts";
import { tradingDay } from "../limits/trading-day.ts";

const DAY_MS = 86_400_000;

/**
 * What was done under it in the last 24 hours, counted as the PC counts: every order that may have
 * left, whatever became of it. Only what the PC itself says was never sent counts no more. Approvals
 * that were given and can still be used count where another is to be given, and not where one of
 * them is being used. An order of unknown value makes the whole unknown.
 */
export function mandateUsage(
  sql: SqlStorage,
  mandateId: string,
  nowMs: number,
  open: "count_open_approvals" | "orders_only",
): MandateUsage {
  const since = { ms: nowMs - DAY_MS, day: tradingDay(nowMs - DAY_MS) };
  const orders = ordersUnder(sql, mandateId, since)
    .filter((row) => !neverSent(row))
    .map(({ notional }) => notional);
  const approvals = open === "orders_only" ? [] : openUnderMandate(sql, mandateId, nowMs);
  const all = [...orders, ...approvals];
  const spent = all.reduce<Decimal | null>((sum, one) => sumOf(sum, one), new Decimal(0));
  return {
    orders_today: all.length,
    notional_today: spent === null ? null : decimalText(spent.toDecimalPlaces(12)),
  };
}

function neverSent(row: { state: string; delivered: number; outcome: string | null }): boolean {
  if (row.state !== "rejected") return false;
  if (row.delivered === 0) return true;
  const parsed = row.outcome === null ? null : OrderOutcome.safeParse(JSON.parse(row.outcome));
  return parsed?.success === true && parsed.data.proved_by === "sidecar_not_sent";
}
