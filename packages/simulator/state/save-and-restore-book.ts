import type { Decimal } from "decimal.js";
import { resume } from "../orders/resume-orders.ts";
import type { Simulator } from "../simulator.ts";
import { nextTimeOfDay } from "../zone.ts";
import type { Account, Position } from "./accounts.ts";
import type { Execution, Order } from "./orders.ts";
import { NEW_DAY_HOUR, newTradingDay } from "./resets.ts";
import type { BookJson, BookSaver, SavedBook } from "./saved-book.ts";

/** Hands the book to its keeper after every change, once for all that happens at one moment. */
export function saveBookOnChange(sim: Simulator, keeper: BookSaver): { close(): void } {
  let planned: NodeJS.Immediate | undefined;
  const save = (): void => {
    planned = undefined;
    keeper.save(bookOf(sim));
  };
  const plan = (): void => {
    planned ??= setImmediate(save);
  };
  sim.events.on("order", plan);
  sim.events.on("execution", plan);
  save();
  return {
    close: () => {
      clearImmediate(planned);
      // Trailing stops move, and days begin, without a word.
      save();
    },
  };
}

/**
 * Puts a kept book in the place of the one that every simulator begins with. Orders go on as at a
 * broker that never stopped, but for the fills of the meantime: nobody traded then.
 * @throws RangeError for a book of other accounts or of contracts that do not exist.
 */
export function restoreBook(sim: Simulator, saved: SavedBook): void {
  const known = [...sim.world.accounts.keys()].sort().join();
  if (
    saved.accounts
      .map(({ id }) => id)
      .sort()
      .join() !== known
  ) {
    throw new RangeError("it is of other accounts");
  }
  const conids = [...saved.orders, ...saved.accounts.flatMap(({ positions }) => positions)];
  if (conids.some(({ conid }) => sim.market.find(conid) === undefined)) {
    throw new RangeError("it is of contracts that do not exist");
  }
  for (const one of saved.accounts) {
    const account = sim.world.accounts.get(one.id);
    if (account === undefined) continue;
    account.cash = new Map(Object.entries(one.cash));
    account.realized = new Map(Object.entries(one.realized_today));
    account.positions = new Map(one.positions.map((held) => [held.conid, positionFrom(held)]));
  }
  for (const one of saved.orders) sim.book.orders.set(one.id, orderFrom(one));
  for (const { order: id, ...one } of saved.executions) {
    const order = sim.book.orders.get(id);
    if (order !== undefined) sim.book.executions.push({ ...one, order });
  }
  for (const { ref, at, orders } of saved.refs) sim.book.refs.set(ref, { at, orders });
  const { zone } = sim.behaviours.resets;
  if (nextTimeOfDay(saved.saved_at, zone, NEW_DAY_HOUR) <= sim.clock.now()) newTradingDay(sim);
  resume(sim);
}

/** The book as it stands. */
export function bookOf(sim: Simulator): BookJson {
  return {
    version: 1,
    saved_at: sim.clock.now(),
    accounts: [...sim.world.accounts.values()].map(accountJson),
    orders: [...sim.book.orders.values()].map(orderJson),
    executions: sim.book.executions.map(executionJson),
    refs: [...sim.book.refs].map(([ref, { at, orders }]) => ({ ref, at, orders })),
  };
}

const text = (amount: Decimal): string => amount.toFixed();
const textOrNull = (amount: Decimal | undefined): string | null => amount?.toFixed() ?? null;

function amounts(purse: ReadonlyMap<string, Decimal>): Record<string, string> {
  return Object.fromEntries([...purse].map(([currency, amount]) => [currency, text(amount)]));
}

function accountJson(account: Account): BookJson["accounts"][number] {
  return {
    id: account.id,
    cash: amounts(account.cash),
    realized_today: amounts(account.realized),
    positions: [...account.positions.values()].map((position) => ({
      conid: position.conid,
      quantity: text(position.quantity),
      average_price: text(position.averagePrice),
      realized: text(position.realized),
      opening:
        position.opening === undefined
          ? null
          : {
              quantity: text(position.opening.quantity),
              average_price: text(position.opening.averagePrice),
            },
    })),
  };
}

function positionFrom(held: SavedBook["accounts"][number]["positions"][number]): Position {
  const { opening } = held;
  return {
    conid: held.conid,
    quantity: held.quantity,
    averagePrice: held.average_price,
    realized: held.realized,
    opening:
      opening === null
        ? undefined
        : { quantity: opening.quantity, averagePrice: opening.average_price },
    past: [],
  };
}

function orderJson(order: Order): BookJson["orders"][number] {
  const { id, account, conid, conidex, side, type, tif, status, reason, origin } = order;
  return {
    ...{ id, account, conid, conidex, side, type, tif, status, reason, origin },
    quantity: text(order.quantity),
    price: textOrNull(order.price),
    aux_price: textOrNull(order.auxPrice),
    trailing:
      order.trailing === undefined
        ? null
        : { amount: text(order.trailing.amount), percent: order.trailing.percent },
    trail_stop: textOrNull(order.trailStop),
    triggered: order.triggered,
    outside_rth: order.outsideRth,
    ref: order.ref ?? null,
    parent_ref: order.parentRef ?? null,
    single: order.single,
    cash_quantity: textOrNull(order.cashQuantity),
    filled: text(order.filled),
    average_price: text(order.averagePrice),
    parent: order.parent ?? null,
    group: order.group ?? null,
    price_managed: order.priceManaged,
    created_at: order.createdAt,
    changed_at: order.changedAt,
    expires_at: Number.isFinite(order.expiresAt) ? order.expiresAt : null,
    hidden_until: order.hiddenUntil,
    lost: order.lost,
    listed: order.listed,
  };
}

function orderFrom(saved: SavedBook["orders"][number]): Order {
  const { id, account, conid, conidex, side, type, tif, status, reason, origin } = saved;
  return {
    ...{ id, account, conid, conidex, side, type, tif, status, reason, origin },
    quantity: saved.quantity,
    price: saved.price ?? undefined,
    auxPrice: saved.aux_price ?? undefined,
    trailing: saved.trailing ?? undefined,
    trailStop: saved.trail_stop ?? undefined,
    triggered: saved.triggered,
    outsideRth: saved.outside_rth,
    ref: saved.ref ?? undefined,
    parentRef: saved.parent_ref ?? undefined,
    single: saved.single,
    cashQuantity: saved.cash_quantity ?? undefined,
    filled: saved.filled,
    averagePrice: saved.average_price,
    parent: saved.parent ?? undefined,
    group: saved.group ?? undefined,
    priceManaged: saved.price_managed,
    createdAt: saved.created_at,
    changedAt: saved.changed_at,
    expiresAt: saved.expires_at ?? Number.POSITIVE_INFINITY,
    hiddenUntil: saved.hidden_until,
    lost: saved.lost,
    listed: saved.listed,
    // A fill that was on its way is found anew.
    pieces: [],
  };
}

function executionJson(execution: Execution): BookJson["executions"][number] {
  const { id, at, exchange } = execution;
  return {
    ...{ id, at, exchange },
    order: execution.order.id,
    size: text(execution.size),
    price: text(execution.price),
    commission: text(execution.commission),
  };
}
