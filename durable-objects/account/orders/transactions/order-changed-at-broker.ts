import { OrderOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import type { Order } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-list.ts";
import { parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { isTerminal } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import type { OrderParts } from "../order-context.ts";
import { readAtOnce } from "../tables/intents/in-doubt.ts";
import { findIntent, type IntentRow } from "../tables/intents/rows.ts";

/**
 * A row of the broker's list that says something else of an order of ours than its own row. The PC
 * that sent the order tells of it anyway; after a change of the PC nobody does, and the book is read.
 */
export function searchMoved(parts: OrderParts, order: Order): void {
  if (order.order_ref === null) return;
  const { sql } = parts.storage;
  const intent =
    findIntent(sql, order.order_ref) ?? findIntent(sql, order.order_ref.replace(/-[a-z]$/, ""));
  if (intent?.action !== "place" || intent.broker_account !== order.account_id) return;
  // What is being submitted has its own end to wait for.
  if (isTerminal(intent.state) || intent.state === "submitting" || agrees(intent, order)) return;
  readAtOnce(sql, intent.coid, parts.now());
  parts.wakeAt(parts.now());
}

/** Whether the row at the broker says of the order what is known of it here. */
function agrees(intent: IntentRow, { status, order_id, filled }: Order): boolean {
  const { state } = intent;
  switch (status) {
    case "working":
    case "pending":
    case "pending_cancel":
    case "partially_filled": {
      const isFilling = parseFigure(filled)?.greaterThan(0) === true;
      return state === "partially_filled" || (state === "working" && !isFilling);
    }
    case "filled":
    case "cancelled":
    case "inactive": {
      // The order as a whole has not ended. One part of a group may have, as is known.
      const known = OrderOutcome.safeParse(JSON.parse(intent.outcome ?? "null"));
      const parts = known.success ? known.data.orders : [];
      const part = parts.find((one) => one.order_id === order_id);
      return parts.length > 1 && part !== undefined && isTerminal(part.state);
    }
    case "unknown":
      return true;
  }
}
