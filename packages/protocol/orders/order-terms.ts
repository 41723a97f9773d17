import * as z from "zod";
import { OrderDecimal } from "./decimal.ts";

/** The words of an order that both the caller's input and the canonical order share. */
export const Side = z.enum(["BUY", "SELL"]);
export type Side = z.infer<typeof Side>;

export const OrderType = z.enum([
  "LMT",
  "MKT",
  "STP",
  "STOP_LIMIT",
  "TRAIL",
  "TRAILLMT",
  "MIDPRICE",
]);
export type OrderType = z.infer<typeof OrderType>;

export const TimeInForce = z.enum(["DAY", "GTC", "OPG", "IOC"]);
export type TimeInForce = z.infer<typeof TimeInForce>;

/** What this gateway trades: stocks and ETFs (IBKR calls both STK), single-leg options, futures. */
export const AssetClass = z.enum(["STK", "OPT", "FUT"]);
export type AssetClass = z.infer<typeof AssetClass>;

export const OptionRight = z.enum(["C", "P"]);
export type OptionRight = z.infer<typeof OptionRight>;

/** `percent` is in percent of the price: `1.5` trails by 1.5 %. */
export const Trailing = z.strictObject({
  unit: z.enum(["amount", "percent"]),
  offset: OrderDecimal,
});
export type Trailing = z.infer<typeof Trailing>;

export const TradingMode = z.enum(["paper", "live"]);
export type TradingMode = z.infer<typeof TradingMode>;

/** The side that undoes this one. */
export const opposite = (side: Side): Side => (side === "BUY" ? "SELL" : "BUY");
