import { OrderOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import type { Leg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { findApproval } from "../../tables/approvals.ts";
import { findIntent, type IntentRow } from "../../tables/intents/rows.ts";

/**
 * Whether an order of ours stands to protect a position: a bracket's stop, a stop that was placed to
 * leave one, or a bracket's partly filled entry, whose cancel takes its stop along. Judged by what was approved and by what was found when it was placed, without reading
 * anything: a cancel waits for no broker. An exit of which no ticket is kept counts as a stop.
 */
export function isProtective(
  sql: SqlStorage,
  own: IntentRow,
  orderId: string | null,
  nowMs: number,
): boolean {
  const outcome = OrderOutcome.safeParse(JSON.parse(own.outcome ?? "null"));
  const parts = outcome.success ? outcome.data.orders : [];
  const part = parts.find(({ order_id }) => order_id === orderId);
  const role = part?.role;
  if (role === "stop_loss") return true;
  // The broker cancels a bracket's exits with its entry: what has filled of it would stand alone.
  if (role === "entry" && parts.some((one) => one.role === "stop_loss")) return hasFilled(part);
  if (role === "take_profit" || own.effect !== "exit") return false;
  const approval = own.approval_id === null ? null : findApproval(sql, own.approval_id, nowMs);
  const legs = approval?.intent.ticket.order.legs ?? [];
  return legs.length === 0 || legs.some(isStop);
}

/** Whether our reference names a stop that stands by itself and was placed to leave a position. */
export function isExitStop(sql: SqlStorage, orderRef: string, nowMs: number): boolean {
  const own = findIntent(sql, orderRef);
  if (own?.effect !== "exit" || own.approval_id === null) return false;
  const order = findApproval(sql, own.approval_id, nowMs)?.intent.ticket.order;
  return order?.structure === "single" && order.legs.every(isStop);
}

/** Not known counts as yes. */
const hasFilled = (part: OrderOutcome["orders"][number] | undefined): boolean =>
  part === undefined ||
  part.state === "partially_filled" ||
  (part.filled !== null && part.filled !== "0");

const isStop = (leg: Leg): boolean => leg.stop_price !== null || leg.trailing !== null;
