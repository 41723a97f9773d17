import { Decimal } from "decimal.js";
import { answer, badRequest, empty, failed, type SimAnswer } from "../http/exchange.ts";
import type { Fields } from "../json.ts";
import {
  allowedTimes,
  allowedTypes,
  isOrderType,
  type OrderType,
  takesFractions,
} from "../market/contract-rules.ts";
import type { Instrument } from "../market/instrument.ts";
import type { Simulator } from "../simulator.ts";
import type { OrderDraft } from "../state/orders.ts";

/**
 * An order body read as the broker reads it. Malformed input is a 400; what is well-formed and
 * impossible comes back as an error inside a 200.
 */
export type ParsedDraft = { draft: OrderDraft } | { refused: SimAnswer };

function inside(error: string): ParsedDraft {
  return { refused: answer(200, { error }) };
}

function malformed(reason: string): ParsedDraft {
  return { refused: badRequest(reason) };
}

function figure(value: unknown): Decimal | undefined {
  return typeof value === "number" && Number.isFinite(value) ? new Decimal(value) : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

const NUMBERS = ["conid", "price", "auxPrice", "quantity", "cashQty", "trailingAmt"] as const;
const LONGEST_REF = 64;

/** Reads one order of a submission to an account. */
export function parseOrder(sim: Simulator, account: string, body: Fields): ParsedDraft {
  for (const name of NUMBERS) {
    if (body[name] !== undefined && body[name] !== null && typeof body[name] !== "number") {
      return malformed(`failed to parse JSON body, ${name} has a wrong type`);
    }
  }
  if (body.acctId !== undefined && body.acctId !== account) {
    return { refused: failed(400, `accountId is not valid: ${String(body.acctId)}`) };
  }
  const conidex = text(body.conidex) ?? (body.conid === undefined ? undefined : String(body.conid));
  if (conidex === undefined) return malformed("conid or conidex is required");
  const instrument = sim.market.find(Number(conidex.split("@")[0]));
  if (instrument === undefined || sim.market.expired(instrument)) {
    return inside(`no sec defs returned for conid: ${conidex}`);
  }
  if (body.side !== "BUY" && body.side !== "SELL")
    return malformed("Invalid Side (must be 'BUY' or 'SELL')");
  if (!isOrderType(body.orderType))
    return malformed(`Unknown order type: ${String(body.orderType)}`);
  const ref = text(body.cOID);
  if (ref !== undefined && ref.length > LONGEST_REF) return malformed("cOID is too long");
  const draft: OrderDraft = {
    account,
    conid: instrument.conid,
    conidex,
    side: body.side,
    type: body.orderType,
    tif: text(body.tif) ?? "",
    quantity: figure(body.quantity) ?? new Decimal(0),
    price: figure(body.price),
    auxPrice: figure(body.auxPrice),
    trailing: trailing(body),
    outsideRth: body.outsideRTH === true,
    ref,
    parentRef: text(body.parentId),
    single: body.isSingleGroup === true,
    cashQuantity: figure(body.cashQty),
  };
  const stopByAux =
    draft.type === "STP" && draft.price === undefined && draft.auxPrice !== undefined;
  // Seen once: a stop whose trigger stands in the wrong field gets nothing at all.
  if (stopByAux)
    return { refused: { ...empty(200), contentType: "application/json; charset=utf-8" } };
  return check(sim, draft, instrument, body);
}

function trailing(body: Fields): OrderDraft["trailing"] {
  const amount = figure(body.trailingAmt);
  if (amount === undefined || (body.trailingType !== "amt" && body.trailingType !== "%"))
    return undefined;
  return { amount, percent: body.trailingType === "%" };
}

function check(
  sim: Simulator,
  draft: OrderDraft,
  instrument: Instrument,
  body: Fields,
): ParsedDraft {
  if (draft.tif === "") return inside("null time in force is not supported for this order");
  if (!allowedTimes(instrument).includes(draft.tif)) {
    return inside(`${draft.tif} time in force is not supported for this order`);
  }
  if (!allowedTypes(instrument).includes(draft.type)) return inside("No trading permissions.");
  if (draft.cashQuantity !== undefined) return byCash(sim, draft, instrument);
  if (!draft.quantity.isPositive() || draft.quantity.isZero()) return malformed("Invalid quantity");
  if (!draft.quantity.isInteger() && !takesFractions(instrument)) {
    return inside("Order quantity must be a whole number for this contract");
  }
  if (!pricesComplete(draft)) return inside("Invalid order price fields");
  for (const price of [draft.price, draft.auxPrice]) {
    if (price === undefined) continue;
    if (!price.mod(instrument.tick).isZero()) {
      return inside(
        `The price ${price} does not conform to the minimum price variation of ${instrument.tick} for this contract.`,
      );
    }
  }
  if (draft.outsideRth && (draft.type === "MKT" || draft.type === "STP")) {
    return inside("invalid order attribute : Outside Regular Trading Hours");
  }
  if (
    instrument.secType === "FUT" &&
    (body.manualIndicator === undefined || text(body.extOperator) === undefined)
  ) {
    return inside("manualIndicator and extOperator are required for this order");
  }
  return tooFar(sim, draft, instrument) ?? { draft };
}

/** Which price fields an order type cannot do without. */
function pricesComplete(draft: OrderDraft): boolean {
  const { price, auxPrice, trailing: follows } = draft;
  const needs: Record<OrderType, boolean> = {
    LMT: price !== undefined,
    MKT: true,
    STP: price !== undefined,
    STOP_LIMIT: price !== undefined && auxPrice !== undefined,
    MIDPRICE: true,
    TRAIL: follows !== undefined,
    TRAILLMT: follows !== undefined && price !== undefined && auxPrice !== undefined,
  };
  return needs[draft.type];
}

function byCash(sim: Simulator, draft: OrderDraft, instrument: Instrument): ParsedDraft {
  if (draft.side === "SELL") return inside("Cash order quantity can not be set for sell order");
  if (draft.type !== "MKT" || !takesFractions(instrument)) {
    return inside("Cash order quantity is not supported for this order");
  }
  const ask = sim.market.quote(instrument).ask ?? sim.market.quote(instrument).last;
  const quantity = (draft.cashQuantity ?? new Decimal(0)).div(ask).toDP(4, Decimal.ROUND_DOWN);
  return quantity.isZero() ? malformed("Invalid quantity") : { draft: { ...draft, quantity } };
}

const FARTHEST = 0.5;

/** A limit that gives away half of the price is not even asked about. */
function tooFar(
  sim: Simulator,
  draft: OrderDraft,
  instrument: Instrument,
): ParsedDraft | undefined {
  if (draft.type !== "LMT" || draft.price === undefined) return undefined;
  const { last } = sim.market.quote(instrument);
  const bad =
    draft.side === "BUY"
      ? draft.price.gt(last.mul(1 + FARTHEST))
      : draft.price.lt(last.mul(1 - FARTHEST));
  if (!bad) return undefined;
  return inside(
    `We cannot accept an order at the limit price you selected. Please submit your order using a limit price that is closer to the current market price of ${last}.`,
  );
}
