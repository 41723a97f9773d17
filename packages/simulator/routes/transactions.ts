import { badRequest, fieldsOf, ok, type SimAnswer, type SimRequest } from "../http/exchange.ts";
import type { SimRoute } from "../http/router.ts";
import { double, type WireJson } from "../json.ts";
import type { Simulator } from "../simulator.ts";
import type { Account } from "../state/accounts.ts";
import { dateStamp } from "../zone.ts";
import { analystAccounts } from "./performance.ts";

/** Portfolio analyst: what was bought and sold on days gone by, for one contract at a time. */

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `Tue Mar 31 00:00:00 EDT 2026`. */
function eastern(date: string): string {
  const day = new Date(
    Date.UTC(Number(date.slice(0, 4)), Number(date.slice(4, 6)) - 1, Number(date.slice(6)), 17),
  );
  const summer = new Intl.DateTimeFormat("en-US", {
    timeZone: "America/New_York",
    timeZoneName: "short",
  })
    .format(day)
    .endsWith("EDT");
  const text = `${WEEKDAYS[day.getUTCDay()]} ${MONTHS[day.getUTCMonth()]} ${date.slice(6)} 00:00:00`;
  return `${text} ${summer ? "EDT" : "EST"} ${date.slice(0, 4)}`;
}

/** Fills of days before today. */
function filledBefore(sim: Simulator, account: Account, conid: number, today: string): WireJson[] {
  return sim.book.executions.flatMap(({ order, at, size, price }) => {
    const date = dateStamp(at, "America/New_York");
    const instrument = sim.market.find(order.conid);
    if (
      order.account !== account.id ||
      order.conid !== conid ||
      date >= today ||
      instrument === undefined
    )
      return [];
    const signed = order.side === "BUY" ? size : size.neg();
    return [
      {
        cur: instrument.currency,
        date: eastern(date),
        rawDate: date,
        fxRate: double(1),
        pr: double(price),
        qty: double(signed),
        acctid: account.id,
        amt: double(signed.mul(price).neg().toDP(2)),
        conid,
        type: order.side === "BUY" ? "Buy" : "Sell",
        desc: instrument.name,
      },
    ];
  });
}

function transactions(sim: Simulator, request: SimRequest): SimAnswer {
  const accounts = analystAccounts(sim, request);
  if (!Array.isArray(accounts)) return accounts;
  const body = fieldsOf(request);
  const conids = Array.isArray(body.conids) ? body.conids : [];
  if (conids.length === 0) return badRequest("conids is required");
  const count = typeof body.days === "number" && body.days > 0 ? body.days : 90;
  const conid = Number(conids[0]);
  const instrument = sim.market.find(conid);
  const now = sim.clock.now();
  // Only what was bought on days before today: the analyst has no intraday.
  const bought = sim.market.hours
    .sessionsAround("us-stocks", "liquid", now, 6, 0)
    .filter(({ session }) => session.closes < now);
  const rows: WireJson[] = [];
  const today = dateStamp(now, "America/New_York");
  for (const account of accounts) {
    rows.push(...filledBefore(sim, account, conid, today));
    const opening = account.positions.get(conid)?.opening;
    const day = bought[0];
    if (instrument === undefined || opening === undefined || day === undefined || count < 7)
      continue;
    rows.push({
      cur: instrument.currency,
      date: eastern(day.date),
      rawDate: day.date,
      fxRate: double(1),
      pr: double(opening.averagePrice),
      qty: double(opening.quantity),
      acctid: account.id,
      amt: double(opening.quantity.mul(opening.averagePrice).neg().toDP(2)),
      conid,
      type: "Buy",
      desc: instrument.name,
    });
  }
  return ok({
    rc: 0,
    nd: count,
    rpnl: { data: [], amt: "0.0" },
    currency: typeof body.currency === "string" ? body.currency : "USD",
    from: now - count * 86_400_000,
    id: "getTransactions",
    to: now,
    includesRealTime: false,
    transactions: rows,
  });
}

export const transactionRoutes: readonly SimRoute[] = [
  { method: "POST", pattern: "/pa/transactions", needs: "sso", handle: transactions },
];
