import type { WireJson } from "../json.ts";
import { double } from "../json.ts";
import type { Instrument } from "./instrument.ts";
import type { Quote } from "./quote.ts";

/** The order types an instrument takes, in the words of orders and of rules. */
export const ORDER_TYPES = {
  LMT: "limit",
  MKT: "market",
  STP: "stop",
  STOP_LIMIT: "stop_limit",
  MIDPRICE: "midprice",
  TRAIL: "trailing_stop",
  TRAILLMT: "trailing_stop_limit",
} as const;

export type OrderType = keyof typeof ORDER_TYPES;

/** Whether the broker knows an order type of this name, in its own spelling. */
export function isOrderType(value: unknown): value is OrderType {
  return typeof value === "string" && Object.hasOwn(ORDER_TYPES, value);
}

/** The order types that an instrument can be traded with, in the broker's spelling. */
export function allowedTypes(instrument: Instrument): OrderType[] {
  switch (instrument.secType) {
    case "STK":
      return instrument.isUS
        ? ["LMT", "MIDPRICE", "MKT", "STP", "STOP_LIMIT", "TRAIL", "TRAILLMT"]
        : ["LMT", "MKT", "STP", "STOP_LIMIT", "TRAIL", "TRAILLMT"];
    case "OPT":
    case "FUT":
    case "CASH":
      return ["LMT", "MKT", "STP", "STOP_LIMIT", "TRAIL", "TRAILLMT"];
    case "CRYPTO":
      return ["LMT", "MKT"];
    case "IND":
      return [];
  }
}

/** The times in force that an instrument can be traded with. */
export function allowedTimes(instrument: Instrument): string[] {
  if (instrument.secType === "CRYPTO") return ["IOC", "PAX"];
  return instrument.secType === "STK" ? ["DAY", "GTC", "OPG", "IOC"] : ["DAY", "GTC", "IOC"];
}

/** Whether a part of a unit may be traded. */
export function takesFractions(instrument: Instrument): boolean {
  return (instrument.secType === "STK" && instrument.isUS) || instrument.secType === "CRYPTO";
}

/** `/contract/rules`: what an order on this instrument may look like. */
export function rulesOf(
  instrument: Instrument,
  quote: Quote,
  accounts: readonly string[],
): { [key: string]: WireJson } {
  const types = allowedTypes(instrument).map((type) => ORDER_TYPES[type]);
  const passive = types.filter((type) => type !== "market" && type !== "stop");
  const share = instrument.secType === "STK";
  const price = double(quote.last);
  return {
    algoEligible: share,
    overnightEligible: share && instrument.isUS,
    costReport: false,
    canTradeAcctIds: accounts,
    error: types.length === 0 ? "Instrument is not tradable." : null,
    orderTypes: types,
    ibAlgoTypes: share ? passive : [],
    fraqTypes: takesFractions(instrument) ? ["limit", "market", "stop", "stop_limit"] : [],
    forceOrderPreview: false,
    cqtTypes: share || instrument.secType === "CRYPTO" ? ["market"] : [],
    orderDefaults: { LMT: { LP: quote.last.toString() } },
    // Of a future nothing is recorded: it trades around the clock, by every type it has.
    orderTypesOutside: share
      ? ["limit", "stop_limit", "trailing_stop_limit"]
      : instrument.secType === "FUT"
        ? types
        : [],
    defaultSize: share ? 100 : 1,
    cashSize: double(0),
    sizeIncrement: share ? 100 : 1,
    tifTypes: allowedTimes(instrument).map((time) =>
      time === "DAY" || time === "GTC" ? `${time}/o,a` : `${time}/a`,
    ),
    tifDefaults: { TIF: "DAY", SIZE: share ? "100.00" : "1.00" },
    limitPrice: price,
    stopprice: price,
    orderOrigination: null,
    preview: true,
    displaySize: null,
    fraqInt: 4,
    cashCcy: instrument.currency,
    cashQtyIncr: 500,
    priceMagnifier: null,
    negativeCapable: false,
    increment: double(instrument.tick),
    incrementDigits: (String(instrument.tick).split(".")[1] ?? "").length,
    incrementType: 1,
    incrementRules: [{ lowerEdge: double(0), increment: double(instrument.tick) }],
    hasSecondary: true,
    allOrNoneEligible: share,
  };
}
