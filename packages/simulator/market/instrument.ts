export type SecType = "STK" | "IND" | "FUT" | "OPT" | "CASH" | "CRYPTO";
export type Venue =
  | "us-stocks"
  | "us-options"
  | "us-futures"
  | "fx"
  | "crypto"
  | "xetra"
  | "mexico"
  | "tokyo";

/** A contract as the broker knows it. Prices are in `currency`; `tick` is the least price step. */
export interface Instrument {
  conid: number;
  symbol: string;
  /** The company or the underlying, as the broker writes it: capitals. */
  name: string;
  secType: SecType;
  /** The broker's finer type: COMMON, ETF, … */
  type: string | null;
  exchange: string;
  validExchanges: string;
  currency: string;
  country: string | null;
  isUS: boolean;
  sector: string | null;
  group: string | null;
  industry: string;
  /** Where prices start from. */
  base: number;
  /** Yearly, as a fraction. */
  volatility: number;
  tick: number;
  venue: Venue;
  /** What this login may see of it: real time, delayed, nothing. */
  data: "R" | "D" | "N";
  hasOptions: boolean;
  multiplier: number;
  underlyingConid: number;
  tradingClass: string;
  /** YYYYMMDD, derivatives only. */
  expiry: string | null;
  strike: number | null;
  right: "C" | "P" | null;
}
