import type { Decimal } from "decimal.js";
import type { Greeks } from "./black-scholes.ts";
import type { Instrument } from "./instrument.ts";
import type { Quote } from "./quote.ts";

/** What a market data field's value is made from. */
export interface FieldSource {
  instrument: Instrument;
  quote: Quote;
  /** An option's; undefined for anything else. */
  greeks: (Greeks & { volatility: number }) | undefined;
  /** Prices with prefixes, abbreviated volumes. */
  decorated: boolean;
}

type FieldMaker = (source: FieldSource) => string | undefined;

function price(value: Decimal | undefined, instrument: Instrument): string | undefined {
  if (value === undefined) return undefined;
  const places = Math.max(2, (String(instrument.tick).split(".")[1] ?? "").length);
  return value.toFixed(instrument.tick < 0.001 ? 5 : places);
}

function size(value: number): string {
  return String(value);
}

function short(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toFixed(1)}B`;
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)}M`;
  if (value >= 1e3) return `${(value / 1e3).toFixed(1)}K`;
  return String(value);
}

/**
 * Last: `C` before a prior close, where the day has no trade yet; `H` before the last of a halted
 * instrument. A closed market keeps its last price without a mark: field 6509 says that it is frozen.
 */
function last({ quote, instrument, decorated }: FieldSource): string | undefined {
  const text = price(quote.last, instrument);
  if (text === undefined || !decorated) return text;
  if (quote.halted) return `H${text}`;
  return quote.priorCloseOnly ? `C${text}` : text;
}

/** A figure of the day, which a day without a trade does not have. */
function ofDay(make: FieldMaker): FieldMaker {
  return (source) => (source.quote.priorCloseOnly ? source.quote.placeholder : make(source));
}

const MAKERS: Record<string, FieldMaker> = {
  "31": last,
  "55": ({ instrument }) => instrument.symbol,
  "58": ({ instrument }) => instrument.name,
  "70": ofDay(({ quote, instrument }) => price(quote.high, instrument)),
  "71": ofDay(({ quote, instrument }) => price(quote.low, instrument)),
  "82": ({ quote, instrument }) => signed(quote.last.minus(quote.previousClose), instrument),
  "83": ({ quote }) =>
    `${quote.last.minus(quote.previousClose).div(quote.previousClose).mul(100).toFixed(2)}%`,
  "84": ({ quote, instrument }) => price(quote.bid, instrument) ?? quote.placeholder,
  "85": ({ quote }) => (quote.ask === undefined ? undefined : size(quote.askSize)),
  "86": ({ quote, instrument }) => price(quote.ask, instrument) ?? quote.placeholder,
  "87": ({ quote, decorated }) => (decorated ? short(quote.volume) : size(quote.volume)),
  "88": ({ quote }) => (quote.bid === undefined ? undefined : size(quote.bidSize)),
  "6004": ({ instrument }) => instrument.exchange,
  "6008": ({ instrument }) => String(instrument.conid),
  "6070": ({ instrument }) => instrument.secType,
  "6072": () => "",
  "6457": ({ instrument }) =>
    instrument.underlyingConid === 0 ? undefined : String(instrument.underlyingConid),
  "7051": ({ instrument }) => instrument.name,
  "7059": ofDay(({ quote }) => size(quote.lastSize)),
  "7087": ({ instrument }) => `${(instrument.volatility * 100).toFixed(1)}%`,
  "7184": () => "1",
  "7219": ({ instrument }) => instrument.symbol,
  "7221": ({ instrument }) => instrument.exchange,
  "7282": ({ instrument }) => short(Math.round(50_000_000 / Math.sqrt(instrument.base))),
  "7283": ({ instrument }) =>
    instrument.hasOptions ? `${(instrument.volatility * 105).toFixed(1)}%` : undefined,
  "7293": ({ instrument }) => (instrument.base * 1.21).toFixed(2),
  "7294": ({ instrument }) => (instrument.base * 0.74).toFixed(2),
  "7295": ofDay(({ quote, instrument }) => price(quote.open, instrument)),
  "7296": ({ quote, instrument }) => price(quote.previousClose, instrument),
  "7308": ({ greeks }) => greeks?.delta.toFixed(3),
  "7309": ({ greeks }) => greeks?.gamma.toFixed(4),
  "7310": ({ greeks }) => greeks?.theta.toFixed(3),
  "7311": ({ greeks }) => greeks?.vega.toFixed(3),
  "7633": ({ greeks }) =>
    greeks === undefined ? undefined : `${(greeks.volatility * 100).toFixed(1)}%`,
  "7638": ({ instrument }) =>
    instrument.secType === "OPT" ? short(1 + (instrument.conid % 9_000)) : undefined,
  "7635": ({ quote, instrument }) => price(quote.last, instrument),
  "7636": ({ instrument }) => (instrument.secType === "STK" ? "16000000" : undefined),
  "7637": ({ instrument }) => (instrument.secType === "STK" ? "0.25%" : undefined),
  "7644": ({ instrument }) => (instrument.secType === "STK" ? "Shortable" : undefined),
  "7741": ({ quote, instrument }) => price(quote.previousClose, instrument),
  "7762": ({ quote }) => size(quote.volume),
  "7768": () => "1",
};

function signed(value: Decimal, instrument: Instrument): string {
  const places = instrument.tick < 0.001 ? 5 : 2;
  return value.isNegative() ? value.toFixed(places) : `+${value.toFixed(places)}`;
}

/** What is told about an instrument that this login has no data for. */
const FREE_OF_CHARGE = new Set([
  "55",
  "58",
  "6004",
  "6008",
  "6070",
  "6072",
  "6457",
  "7051",
  "7184",
  "7219",
  "7221",
  "7768",
]);

/** The field's value as text, or undefined when the market has none. Unknown ids have none. */
export function fieldValue(id: string, source: FieldSource): string | undefined {
  if (source.quote.data === "N" && !FREE_OF_CHARGE.has(id)) return undefined;
  return MAKERS[id]?.(source);
}

/** Field 6509: timeliness, then what is provided. */
export function availability(quote: Quote): string {
  if (quote.data === "N") return "N";
  const frozen = !quote.trading;
  const letter = quote.data === "D" ? (frozen ? "Y" : "D") : frozen ? "Z" : "R";
  return `${letter}pB`;
}
