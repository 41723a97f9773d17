import type { Order } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-list.ts";
import type { Leg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { isStop, plainly } from "@ibkr-edge-gateway/protocol/orders/order-words.ts";
import { ticketText } from "@ibkr-edge-gateway/protocol/orders/signed-words.ts";
import type { IntentRecord } from "../journal/intent-record.ts";

/** An order of the broker's that is about to be cancelled, as this PC knows it. */
export interface CancelWords {
  lines: string[];
  /** It is a stop, or it takes the stop of a position with it. */
  takesStop: boolean;
}

/**
 * The order in words, from this PC's own journal or else from the broker's row. Whether a stop
 * protects anything now is not asked: a cancel reads nothing first, and one line too many harms nobody.
 */
export function cancelWords(
  orderId: string,
  known: IntentRecord | null,
  row: Order | null,
): CancelWords {
  const at = known?.orders.findIndex(({ order_id }) => order_id === orderId) ?? -1;
  const leg = known?.ticket.order.legs[at];
  if (known == null || leg === undefined) {
    const takesStop = row !== null && (row.stop_price !== null || STOP.test(row.order_type ?? ""));
    return { lines: rowLines(orderId, row), takesStop };
  }
  const head = takesExits(known, leg);
  const lines = ticketText({
    ...known.ticket,
    order: {
      ...known.ticket.order,
      action: "cancel",
      structure: "single",
      legs: [{ ...leg, role: "single" }],
      reduce_only: false,
      target: {
        order_id: orderId,
        order_ref: known.orders[at]?.order_ref ?? null,
        foreign: false,
        before: leg,
        filled_quantity: known.orders[at]?.filled ?? "an unknown part",
      },
    },
    waits: null,
    warnings: [],
  });
  return {
    lines: head
      ? [...lines, "Protection: its stop goes with it, and part of it has filled"]
      : lines,
    takesStop: isStop(leg) || head,
  };
}

const STOP = /stop|stp|trail/i;

/** The broker cancels a bracket's exits with its entry: what has filled of it stands alone then. */
function takesExits({ ticket, orders }: IntentRecord, leg: Leg): boolean {
  if (leg.role !== "entry" || !ticket.order.legs.some(({ role }) => role === "stop_loss")) {
    return false;
  }
  const entry = orders.find(({ role }) => role === "entry");
  const filled = parseFigure(entry?.filled);
  return entry?.state === "partially_filled" || filled?.greaterThan(0) === true;
}

function rowLines(orderId: string, row: Order | null): string[] {
  if (row === null) return [`Order ${orderId} at the broker`];
  const { account_id, side, quantity, symbol, conid, order_type, limit_price, stop_price } = row;
  const said = [
    `Cancel order ${orderId}: ${side ?? "?"} ${quantity ?? "?"} ${symbol ?? "?"} ${order_type ?? "?"}`,
    ...(limit_price === null ? [] : [`limit ${limit_price}`]),
    ...(stop_price === null ? [] : [`stop ${stop_price}`]),
  ].join(", ");
  return [plainly(said), `Account: ${plainly(account_id)}`, `Contract: ${conid ?? "not known"}`];
}
