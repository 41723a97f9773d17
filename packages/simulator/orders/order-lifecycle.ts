import { Decimal } from "decimal.js";
import type { Instrument } from "../market/instrument.ts";
import type { Simulator } from "../simulator.ts";
import {
  type Execution,
  isFinished,
  type Order,
  type OrderDraft,
  remaining,
} from "../state/orders.ts";
import type { OrderEffects } from "./injected-fault-effects.ts";
import { checkTrigger, fillPrice, inHours } from "./matching.ts";
import { brokerRefusal } from "./order-cost.ts";
import { expiry } from "./order-expiry.ts";
import { bookFill, commissionOf } from "./settlement.ts";

/**
 * An order from its acceptance to its end. Every change goes through `update`, which stamps it and
 * tells whoever streams it on.
 */

const CHECK_MS = 1_000;
const FIRST_ID = 473_740_000;
const NO_EFFECTS: OrderEffects = { silentDrop: false, hideMs: 0 };

/** Stamps a change and tells whoever streams it on. */
export function update(sim: Simulator, order: Order, changes: Partial<Order>): void {
  Object.assign(order, changes);
  order.changedAt = sim.clock.now();
  if (!order.lost) sim.events.emit("order", order);
}

/** Accepts the drafts of one submission; brackets and groups are tied together here. */
export function place(
  sim: Simulator,
  drafts: readonly OrderDraft[],
  effects: OrderEffects = NO_EFFECTS,
  origin: Order["origin"] = "api",
): Order[] {
  const now = sim.clock.now();
  const random = sim.random("orders");
  const group =
    drafts.length > 1 && drafts.every((draft) => draft.single) ? random.hex(8) : undefined;
  const orders = drafts.map((draft): Order => {
    const zero = new Decimal(0);
    return {
      ...draft,
      id: FIRST_ID + sim.book.orders.size * 7 + random.integer(1, 6),
      filled: zero,
      averagePrice: zero,
      status: "PendingSubmit",
      reason: "",
      origin,
      parent: undefined,
      group,
      triggered: false,
      trailStop: undefined,
      priceManaged: false,
      createdAt: now,
      changedAt: now,
      expiresAt: Number.POSITIVE_INFINITY,
      hiddenUntil: now + effects.hideMs,
      lost: effects.silentDrop,
      pieces: [],
      listed: true,
    };
  });
  for (const order of orders) {
    while (sim.book.orders.has(order.id)) order.id += 1;
    sim.book.orders.set(order.id, order);
    const parent = parentOf(sim, order);
    if (parent !== undefined) {
      order.parent = parent.id;
      order.group = `${parent.id}`;
    }
    update(sim, order, {});
    if (!order.lost) sim.clock.after(sim.behaviours.orderLife.routeMs, () => route(sim, order));
  }
  return orders;
}

/** The order whose cOID a child names; the newest, when a cOID came twice. */
function parentOf(sim: Simulator, order: Order): Order | undefined {
  if (order.parentRef === undefined) return undefined;
  return [...sim.book.orders.values()].findLast(
    (other) => other.ref === order.parentRef && other.account === order.account,
  );
}

/** From the gateway to the exchange: refused there, held, or worked. */
export function route(sim: Simulator, order: Order): void {
  if (order.status !== "PendingSubmit") return;
  const instrument = sim.market.find(order.conid);
  if (instrument === undefined) return;
  const reason = brokerRefusal(sim, order, instrument);
  if (reason !== undefined) {
    update(sim, order, { status: "Inactive", reason });
    cancelChildren(sim, order, "Parent order was rejected");
    return;
  }
  order.expiresAt = expiry(sim, order, instrument);
  update(sim, order, { status: "PreSubmitted" });
  expireInTime(sim, order);
  work(sim, order);
  arm(sim);
}

/** Ends the order when its time is over, unless it was changed by then. */
export function expireInTime(sim: Simulator, order: Order): void {
  const { expiresAt } = order;
  if (expiresAt === Number.POSITIVE_INFINITY) return;
  sim.clock.at(expiresAt, () => {
    if (order.expiresAt === expiresAt) endOrder(sim, order, "Order expired");
  });
}

function isWorking(order: Order): boolean {
  return !order.lost && (order.status === "PreSubmitted" || order.status === "Submitted");
}

/** Tries to fill the order with the market as it stands. */
function work(sim: Simulator, order: Order): void {
  const instrument = sim.market.find(order.conid);
  if (instrument === undefined || !isWorking(order) || order.pieces.length > 0) return;
  const parent = order.parent === undefined ? undefined : sim.book.orders.get(order.parent);
  if (parent !== undefined && parent.status !== "Filled") return;
  const quote = sim.market.quote(instrument);
  const immediate = order.tif === "IOC";
  if (!inHours(sim, order, instrument, quote)) {
    if (immediate) endOrder(sim, order, "Immediate order could not be filled");
    return;
  }
  if (!checkTrigger(order, quote)) return;
  if (order.status === "PreSubmitted") update(sim, order, { status: "Submitted" });
  const price = fillPrice(order, quote, instrument.tick);
  if (price === undefined) {
    if (immediate) endOrder(sim, order, "Immediate order could not be filled");
    return;
  }
  order.pieces = split(sim, order);
  nextPiece(sim, order, instrument, price);
}

/** How the order will be filled: in one or several pieces, drawn from the seed. */
function split(sim: Simulator, order: Order): Decimal[] {
  const { maxFills, iocPartial } = sim.behaviours.orderLife;
  const size = remaining(order);
  if (order.tif === "IOC" && iocPartial && size.gte(2)) return [size.div(2).floor()];
  const whole = size.isInteger() ? Math.min(size.toNumber(), maxFills) : 1;
  const count = sim.random("fills").integer(1, Math.max(1, whole));
  const each = size.div(count).floor();
  const pieces = Array.from({ length: count - 1 }, () => each);
  return [...pieces, size.minus(each.mul(count - 1))];
}

function nextPiece(sim: Simulator, order: Order, instrument: Instrument, price: Decimal): void {
  const piece = order.pieces.shift();
  if (piece === undefined) return;
  fill(sim, order, instrument, piece, price);
  if (order.pieces.length > 0) {
    sim.clock.after(sim.behaviours.orderLife.fillMs, () => {
      if (isWorking(order)) nextPiece(sim, order, instrument, price);
    });
  } else if (order.tif === "IOC" && !isFinished(order)) {
    endOrder(sim, order, "Immediate order was filled in part");
  }
}

/** Books one fill of an order, whatever the market says; the order must not be finished. */
export function fill(
  sim: Simulator,
  order: Order,
  instrument: Instrument,
  size: Decimal,
  price: Decimal,
): void {
  const account = sim.world.accounts.get(order.account);
  if (account === undefined || isFinished(order)) return;
  const commission = commissionOf(instrument, size, price);
  bookFill(sim, account, instrument, order.side, size, price, commission);
  const filled = order.filled.plus(size);
  const averagePrice = order.averagePrice.mul(order.filled).plus(price.mul(size)).div(filled);
  const execution: Execution = {
    id: `0000${sim.random("executions").hex(4)}.${sim.random("executions").hex(8)}.01.01`,
    order,
    size,
    price,
    commission,
    at: sim.clock.now(),
    exchange:
      instrument.secType === "STK" && instrument.isUS
        ? sim.random("executions").pick(["ISLAND", "ARCA", "IEX"])
        : instrument.exchange,
  };
  sim.book.executions.push(execution);
  const done = filled.gte(order.quantity);
  const status = done ? "Filled" : order.status === "PreSubmitted" ? "Submitted" : order.status;
  update(sim, order, { filled, averagePrice, status });
  sim.events.emit("execution", execution);
  cancelSiblings(sim, order, size, done);
  if (done) for (const child of childrenOf(sim, order)) work(sim, child);
  arm(sim);
}

/** One of a group cancels the others; a bracket's exits shrink together until one is done. */
function cancelSiblings(sim: Simulator, order: Order, size: Decimal, done: boolean): void {
  if (order.group === undefined) return;
  for (const other of sim.book.orders.values()) {
    const sibling = other.group === order.group && other.parent === order.parent && other !== order;
    if (!sibling || isFinished(other)) continue;
    if (done || order.parent === undefined) endOrder(sim, other, "One cancels all");
    else update(sim, other, { quantity: other.quantity.minus(size) });
  }
}

function childrenOf(sim: Simulator, order: Order): Order[] {
  return [...sim.book.orders.values()].filter((other) => other.parent === order.id);
}

function cancelChildren(sim: Simulator, order: Order, reason: string): void {
  for (const child of childrenOf(sim, order)) if (!isFinished(child)) endOrder(sim, child, reason);
}

/** Ends an order unfilled, or filled in part. */
export function endOrder(sim: Simulator, order: Order, reason: string): void {
  if (isFinished(order)) return;
  order.pieces = [];
  update(sim, order, { status: "Cancelled", reason });
  if (order.filled.isZero()) cancelChildren(sim, order, reason);
}

/** Sees to it that working orders are looked at again: each second of trading, else at the next open. */
export function arm(sim: Simulator): void {
  if (sim.load.matching) return;
  const at = nextLook(sim);
  if (at === undefined) return;
  sim.load.matching = true;
  sim.clock.at(at, () => {
    sim.load.matching = false;
    matchAll(sim);
    arm(sim);
  });
}

/** Tries to fill every working order now, in the order in which they came. */
export function matchAll(sim: Simulator): void {
  for (const order of [...sim.book.orders.values()]) if (isWorking(order)) work(sim, order);
}

function nextLook(sim: Simulator): number | undefined {
  const now = sim.clock.now();
  const { hours } = sim.market;
  let next: number | undefined;
  for (const order of sim.book.orders.values()) {
    const instrument = isWorking(order) ? sim.market.find(order.conid) : undefined;
    if (instrument === undefined) continue;
    const kind = order.outsideRth ? "extended" : "liquid";
    const open = hours.isOpen(instrument.venue, kind, now) || sim.market.pinned(order.conid);
    const at = open ? now + CHECK_MS : hours.nextOpening(instrument.venue, kind, now);
    if (at !== undefined && (next === undefined || at < next)) next = at;
  }
  return next;
}
