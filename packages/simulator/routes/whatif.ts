import { Decimal } from "decimal.js";
import {
  failed,
  fieldsOf,
  ok,
  parameter,
  type SimAnswer,
  type SimRequest,
} from "../http/exchange.ts";
import type { SimRoute } from "../http/router.ts";
import type { WireJson } from "../json.ts";
import { brokerRefusal, costOf, reckonedPrice } from "../orders/order-cost.ts";
import { questionsFor } from "../orders/questions.ts";
import { commissionOf } from "../orders/settlement.ts";
import type { Simulator } from "../simulator.ts";
import { dollarsPer, margins } from "../state/valuation.ts";
import { ownAccount } from "./iserver-accounts.ts";
import { thousands } from "./iserver-summary-and-pnl.ts";
import { draftsOf } from "./order-writes.ts";

/** What an order would cost. Text all of it; places nothing and asks nothing. */
function whatif(sim: Simulator, request: SimRequest): SimAnswer {
  const id = parameter(request, "account");
  const account = ownAccount(sim, id);
  const early = sim.behaviours.session.ordersNeedEstablished && !sim.world.brokerage.established;
  if (account === undefined || early) return failed(400, `accountId is not valid: ${id}`);
  const drafts = draftsOf(sim, id, fieldsOf(request).orders);
  if (!Array.isArray(drafts)) return drafts;
  const draft = drafts[0];
  const instrument = draft === undefined ? undefined : sim.market.find(draft.conid);
  if (draft === undefined || instrument === undefined)
    return failed(400, "Bad Request: orders is required");

  const price = reckonedPrice(sim, draft, instrument);
  const cost = costOf(sim, draft, instrument);
  const commission = commissionOf(instrument, draft.quantity, price);
  const margin = margins(sim.market, account);
  const rate = dollarsPer(sim.market, instrument.currency);
  const unit =
    instrument.secType === "STK"
      ? "Shares"
      : instrument.secType === "CASH"
        ? instrument.symbol
        : "Contracts";
  const row = (current: Decimal, change: Decimal): WireJson => ({
    current: thousands(current),
    change: thousands(change),
    after: thousands(current.plus(change)),
  });
  const value = (amount: Decimal): string => `${grouped(amount)} ${instrument.currency}`;
  const total = draft.side === "BUY" ? cost.amount.plus(commission) : cost.amount.minus(commission);
  const warning = questionsFor(sim, drafts, false)[0]?.text;
  return ok({
    amount: {
      amount: `${value(cost.amount)} (${draft.quantity} ${unit})`,
      commission: value(commission),
      total: value(total),
    },
    equity: row(margin.loan, commission.mul(rate).neg()),
    initial: row(margin.initial, cost.initial),
    maintenance: row(margin.maintenance, cost.maintenance),
    position: {
      current: cost.position.before.toFixed(),
      change: cost.position.after.minus(cost.position.before).toFixed(),
      after: cost.position.after.toFixed(),
    },
    warn: warning === undefined ? null : `21/${warning}`,
    error: brokerRefusal(sim, draft, instrument) ?? null,
  });
}

/** `1,977.60`, and `1` for a whole figure. */
function grouped(amount: Decimal): string {
  const [whole = "0", cents] = amount.toDP(2).toFixed().split(".");
  const text = thousands(new Decimal(whole));
  return cents === undefined ? text : `${text}.${cents.padEnd(2, "0")}`;
}

export const whatifRoutes: readonly SimRoute[] = [
  {
    method: "POST",
    pattern: "/iserver/account/:account/orders/whatif",
    needs: "brokerage",
    afterAccounts: true,
    handle: whatif,
  },
];
