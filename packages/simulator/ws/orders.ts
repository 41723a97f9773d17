import { double, type WireJson } from "../json.ts";
import { orderRow } from "../orders/order-rows.ts";
import { executionsOf, tradeRow, visibleOrders } from "../routes/order-reads.ts";
import type { Simulator } from "../simulator.ts";
import type { Execution, Order } from "../state/orders.ts";
import { type SocketConnection, startStream } from "./connection.ts";
import type { Subscription } from "./subscription.ts";

/** The topics of orders and trades. */

type Row = { [key: string]: WireJson };

/**
 * `sor`: whole rows once, then only what changed. It looks ahead only: what happened before the
 * subscription is in the rows, what happened between two subscriptions is nowhere.
 */
export function subscribeOrders(
  sim: Simulator,
  connection: SocketConnection,
  wanted: Subscription,
): void {
  const filters = Array.isArray(wanted.args.filters) ? wanted.args.filters : [];
  const sent = new Map<number, Row>();
  const account = sim.world.brokerage.selectedAccount;
  const rowOf = (order: Order): Row | undefined => {
    const instrument = sim.market.find(order.conid);
    if (instrument === undefined) return undefined;
    const row = orderRow(order, instrument);
    // A number here, text in the list.
    return typeof row.price === "string" && row.price !== ""
      ? { ...row, price: double(Number(row.price)) }
      : row;
  };
  const present = visibleOrders(sim, account).filter(
    (order) => filters.length === 0 || filters.includes(order.status),
  );
  if (sim.behaviours.webSocket.idsOnlyRows && present.length > 0) {
    connection.send({
      topic: "sor",
      args: present.map((order) => ({ acct: order.account, orderId: order.id })),
    });
  }
  const rows = present.flatMap((order) => {
    const row = rowOf(order);
    if (row === undefined) return [];
    sent.set(order.id, row);
    return [row];
  });
  if (rows.length > 0) connection.send({ topic: "sor", args: rows });

  const tell = (order: Order): void => {
    const hidden = order.hiddenUntil > sim.clock.now();
    if (order.account !== account || hidden || sim.world.brokerage.primed.ordersSilenced) return;
    const row = rowOf(order);
    if (row === undefined) return;
    const before = sent.get(order.id);
    sent.set(order.id, row);
    const changed = before === undefined ? row : difference(before, row);
    connection.send({
      topic: "sor",
      args: [{ acct: order.account, orderId: order.id, ...changed }],
    });
  };
  sim.events.on("order", tell);
  startStream(connection, "sor", () => sim.events.off("order", tell));
}

/** The fields that differ; never those that went away. */
function difference(before: Row, after: Row): Row {
  const changed: Row = {};
  for (const [key, value] of Object.entries(after)) {
    if (value !== undefined && JSON.stringify(before[key]) !== JSON.stringify(value))
      changed[key] = value;
  }
  return changed;
}

/** `str`: the days' trades again, unless only new ones are wanted; then each as it happens. */
export function subscribeTrades(
  sim: Simulator,
  connection: SocketConnection,
  wanted: Subscription,
): void {
  const account = sim.world.brokerage.selectedAccount;
  const days =
    typeof wanted.args.days === "number" ? Math.min(Math.max(wanted.args.days, 1), 7) : 1;
  if (wanted.args.realtimeUpdatesOnly !== true) {
    const rows = executionsOf(sim, account, days).flatMap((one) => tradeRow(sim, one, true));
    // Said also where there is none: clients wait for it to know that they are heard.
    connection.send({ topic: "str", args: rows });
  }
  const tell = (execution: Execution): void => {
    if (execution.order.account !== account) return;
    connection.send({ topic: "str", args: tradeRow(sim, execution, true) });
  };
  sim.events.on("execution", tell);
  startStream(connection, "str", () => sim.events.off("execution", tell));
}
