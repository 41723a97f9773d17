import type { JsonObject } from "../json.ts";
import type { CanonicalOrder, Leg } from "./canonical-order.ts";
import { memberOrderId } from "./intent.ts";

/**
 * The bodies that Client Portal wants, built from the canonical order and from nothing else, so
 * that what was approved is what is sent. Quirks, each seen in the field: a modify takes the bare
 * order and not a list; a stop's trigger goes in `price` alone; a bracket's children carry the
 * parent's cOID as `parentId` and none of their own; `conid` forces SMART routing, so a directed
 * order names `conidex` instead; US futures want to know whether a person or a machine acts.
 */
export interface FuturesOperator {
  /** True only when a natural person enters the order by hand. */
  manual_indicator: boolean;
  ext_operator: string;
}

export type BrokerBody =
  | { ok: true; body: JsonObject }
  | { ok: false; field: string; rule: string; message: string };

/** `POST /iserver/account/{account}/orders`, and the what-if of the same. */
export function placeBody(
  order: CanonicalOrder,
  coid: string,
  operator: FuturesOperator | null,
): BrokerBody {
  if (order.action !== "place") return fault("action", "place", "This is not a new order.");
  const orders: JsonObject[] = [];
  for (const [index, leg] of order.legs.entries()) {
    const base = legBody(order.account_id, leg, operator);
    if (!base.ok) return base;
    orders.push({ ...base.body, ...linkOf(order, leg, index, coid) });
  }
  return { ok: true, body: { orders } };
}

/** `POST /iserver/account/{account}/order/{id}`: the whole order again, bare. */
export function modifyBody(order: CanonicalOrder, operator: FuturesOperator | null): BrokerBody {
  const [leg] = order.legs;
  if (order.action !== "modify" || order.target === null || leg === undefined) {
    return fault("action", "modify", "This is not a change of a working order.");
  }
  return legBody(order.account_id, leg, operator);
}

function linkOf(order: CanonicalOrder, leg: Leg, index: number, coid: string): JsonObject {
  switch (order.structure) {
    case "single":
      return { cOID: coid };
    case "bracket":
      return leg.role === "entry" ? { cOID: coid } : { parentId: coid };
    case "oca":
      return { cOID: memberOrderId(coid, index), isSingleGroup: true };
  }
}

function legBody(account: string, leg: Leg, operator: FuturesOperator | null): BrokerBody {
  const { contract } = leg;
  const body: JsonObject = {
    acctId: account,
    ...(contract.exchange === "SMART" || contract.asset_class === "FUT"
      ? { conid: contract.conid }
      : { conidex: `${contract.conid}@${contract.exchange}` }),
    secType: `${contract.conid}:${contract.asset_class}`,
    orderType: leg.order_type,
    side: leg.side,
    tif: leg.time_in_force,
    outsideRTH: leg.outside_rth,
    ticker: contract.symbol,
  };
  if (leg.quantity !== null) body.quantity = wireNumber(leg.quantity);
  if (leg.cash_quantity !== null) body.cashQty = wireNumber(leg.cash_quantity);

  switch (leg.order_type) {
    case "LMT":
    case "MIDPRICE":
      if (leg.limit_price !== null) body.price = wireNumber(leg.limit_price);
      else if (leg.order_type === "LMT")
        return fault("limit_price", "required", "LMT needs a price.");
      break;
    case "MKT":
      break;
    case "STP":
      if (leg.stop_price === null) return fault("stop_price", "required", "STP needs a trigger.");
      body.price = wireNumber(leg.stop_price);
      break;
    case "STOP_LIMIT":
    case "TRAILLMT":
      if (leg.limit_price === null || leg.stop_price === null) {
        return fault("stop_price", "required", `${leg.order_type} needs a limit and a trigger.`);
      }
      body.price = wireNumber(leg.limit_price);
      body.auxPrice = wireNumber(leg.stop_price);
      break;
    case "TRAIL":
      if (leg.stop_price !== null) body.price = wireNumber(leg.stop_price);
      break;
  }
  if (leg.order_type === "TRAIL" || leg.order_type === "TRAILLMT") {
    if (leg.trailing === null) {
      return fault("trailing_amount", "required", `${leg.order_type} needs a trailing offset.`);
    }
    body.trailingAmt = wireNumber(leg.trailing.offset);
    body.trailingType = leg.trailing.unit === "amount" ? "amt" : "%";
  }
  if (contract.asset_class === "FUT") {
    if (operator === null) {
      return fault(
        "contract",
        "futures_operator",
        "Futures orders must say who operates; set it in the sidecar's configuration.",
      );
    }
    body.manualIndicator = operator.manual_indicator;
    body.extOperator = operator.ext_operator;
  }
  return { ok: true, body };
}

/**
 * The JSON number of a decimal string, exactly. Fifteen significant digits survive the way through
 * a double; the order grammar allows no more, and a value that would not come back is refused.
 */
export function wireNumber(text: string): number {
  const value = Number(text);
  const spelled = text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  if (String(value) !== spelled) throw new RangeError("decimal does not survive a JSON number");
  return value;
}

const fault = (field: string, rule: string, message: string): BrokerBody => ({
  ok: false,
  field,
  rule,
  message,
});
