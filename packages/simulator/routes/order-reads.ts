import {
  badRequest,
  failed,
  isYes,
  ok,
  parameter,
  type SimAnswer,
  type SimRequest,
} from "../http/exchange.ts";
import type { SimRoute } from "../http/router.ts";
import type { WireJson } from "../json.ts";
import { executionRow, orderRow, statusRecord } from "../orders/order-rows.ts";
import type { Simulator } from "../simulator.ts";
import type { Execution, Order } from "../state/orders.ts";
import { dateStamp } from "../zone.ts";
import { ownAccount } from "./iserver-accounts.ts";

/** The order list, one order's status, and the trades; none of them complete at first asking. */

const MOST_ROWS = 1_000;
const DAY_MS = 86_400_000;

/** Orders of an account that the broker would show at the moment. */
export function visibleOrders(sim: Simulator, account: string): Order[] {
  const now = sim.clock.now();
  return [...sim.book.orders.values()].filter(
    (order) => order.account === account && order.listed && !order.lost && order.hiddenUntil <= now,
  );
}

/** `pre_submitted` is PreSubmitted; unknown words match nothing. */
const FILTERS: Record<string, Order["status"]> = {
  inactive: "Inactive",
  pending_submit: "PendingSubmit",
  pre_submitted: "PreSubmitted",
  submitted: "Submitted",
  filled: "Filled",
  pending_cancel: "PendingCancel",
  cancelled: "Cancelled",
};

/**
 * The list is a cache of the session: the first read, and each forced one, empties it and answers
 * with nothing; the next has the rows; only the one after that says it is a snapshot.
 */
function orders(sim: Simulator, request: SimRequest): SimAnswer {
  const { primed } = sim.world.brokerage;
  const { query } = request;
  const account = query.get("accountId") ?? sim.world.brokerage.selectedAccount;
  if (ownAccount(sim, account) === undefined)
    return failed(400, `accountId is not valid: ${account}`);
  if (isYes(query.get("force"))) {
    primed.orderReads = 0;
    primed.ordersSilenced = false;
  }
  primed.orderReads += 1;
  const cold = sim.behaviours.coldReads.orders;
  if (cold && primed.orderReads === 1) return ok({ orders: [], snapshot: false });
  const words = (query.get("filters") ?? "").split(",").filter((word) => word !== "");
  const statuses = words.filter((word) => word !== "sort_by_time").map(statusWord);
  if (statuses.length > 0 && sim.behaviours.webSocket.filterSilencesOrders)
    primed.ordersSilenced = true;
  const found = visibleOrders(sim, account).filter(
    (order) => statuses.length === 0 || statuses.includes(order.status),
  );
  if (words.includes("sort_by_time")) found.sort((one, other) => other.changedAt - one.changedAt);
  return ok({
    orders: found.slice(-MOST_ROWS).flatMap((order): WireJson[] => {
      const instrument = sim.market.find(order.conid);
      return instrument === undefined ? [] : [{ ...orderRow(order, instrument), ...extra(sim) }];
    }),
    snapshot: !cold || primed.orderReads > 2,
  });
}

/** What no documentation knows, and a decoder must put up with. */
function extra(sim: Simulator): { [key: string]: WireJson } {
  return sim.behaviours.drift.extraFields ? { simulatedExtra: "1" } : {};
}

/** Both spellings are in use: `pre_submitted` and `PreSubmitted`. */
function statusWord(word: string): Order["status"] | undefined {
  const key = word.replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
  return FILTERS[key];
}

function status(sim: Simulator, request: SimRequest): SimAnswer {
  const id = parameter(request, "orderId");
  const order = sim.book.orders.get(Number(id));
  const instrument = order === undefined ? undefined : sim.market.find(order.conid);
  if (order === undefined || instrument === undefined || order.lost || !order.listed) {
    return failed(400, `Order ${id} is not found`);
  }
  if (order.account !== sim.world.brokerage.selectedAccount)
    return failed(503, "Service Unavailable");
  return ok(statusRecord(order, instrument, sim.random("requests").integer(1, 99_999)));
}

/** Executions of the account in the last so many days, newest first. */
export function executionsOf(sim: Simulator, account: string, days: number): Execution[] {
  const zone = sim.behaviours.resets.zone;
  const since = dateStamp(sim.clock.now() - (days - 1) * DAY_MS, zone);
  return sim.book.executions
    .filter(({ order, at }) => order.account === account && dateStamp(at, zone) >= since)
    .reverse();
}

/**
 * One execution as a list of one row; no row for a contract that there is not. `streamed`: as the
 * socket sends it, which differs from the list in a few fields.
 */
export function tradeRow(sim: Simulator, execution: Execution, streamed: boolean): WireJson[] {
  const instrument = sim.market.find(execution.order.conid);
  const submitter = sim.world.sso.user?.name ?? "";
  if (instrument === undefined) return [];
  return [
    executionRow(execution, instrument, submitter, sim.behaviours.trades.longSides, streamed),
  ];
}

function trades(sim: Simulator, request: SimRequest): SimAnswer {
  const { primed, selectedAccount } = sim.world.brokerage;
  const asked = request.query.get("days");
  const days = asked === null ? 1 : Number(asked);
  if (!Number.isInteger(days) || days < 1 || days > 7)
    return badRequest("days must be from 1 to 7");
  primed.tradeReads += 1;
  if (sim.behaviours.coldReads.trades && primed.tradeReads === 1) return ok([]);
  const account = request.query.get("accountId") ?? selectedAccount;
  if (ownAccount(sim, account) === undefined)
    return failed(400, `accountId is not valid: ${account}`);
  return ok(executionsOf(sim, account, days).flatMap((one) => tradeRow(sim, one, false)));
}

const read = (pattern: string, handle: SimRoute["handle"]): SimRoute => ({
  method: "GET",
  pattern,
  handle,
  needs: "brokerage",
  afterAccounts: true,
});

export const orderReadRoutes: readonly SimRoute[] = [
  read("/iserver/account/orders", orders),
  read("/iserver/account/order/status/:orderId", status),
  read("/iserver/account/trades", trades),
];
