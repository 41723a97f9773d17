import * as z from "zod";
import { MarketPhase } from "../market/market-state.ts";
import { ReferencePrice } from "../market/reference-price.ts";
import { defineOperation } from "./define-operation.ts";
import {
  Availability,
  Conid,
  Currency,
  Day,
  DecimalText,
  provenance,
  Timestamp,
} from "./field-types.ts";

/** The figures a quote can hold: prices in the quote's currency, sizes in shares or contracts. */
export const QUOTE_FIELDS = [
  "last",
  "last_size",
  "bid",
  "bid_size",
  "ask",
  "ask_size",
  "open",
  "high",
  "low",
  "close",
  "prior_close",
  "mark",
  "change",
  "change_percent",
  "volume",
  "average_volume",
  "week52_high",
  "week52_low",
  "implied_volatility_percent",
  "historical_volatility_percent",
  "open_interest",
  "shortable_shares",
  "borrow_fee_percent",
] as const;

export const QuoteField = z.enum(QUOTE_FIELDS);
export type QuoteField = z.infer<typeof QuoteField>;

/** Null means the broker gave none; it never means zero. Fields not asked for are absent. */
export const QuoteValues = z.partialRecord(QuoteField, DecimalText.nullable());

/** What one row of the broker's market data says. */
export const QuoteFigures = z.strictObject({
  conid: Conid,
  symbol: z.string().max(100).nullable(),
  currency: Currency.nullable(),
  availability: Availability,
  /** The broker's own availability letters, for the record. */
  availability_code: z.string().max(10).nullable(),
  /** The market's own time of this quote; null when there is none. */
  quote_at: Timestamp.nullable(),
  halted: z.boolean(),
  values: QuoteValues,
  /** Asked for and not given. */
  missing: z.array(QuoteField),
});
export type QuoteFigures = z.infer<typeof QuoteFigures>;

/** Why the last price is as old as it is. */
export const LastPriceAge = z.enum([
  "live",
  "delayed",
  "frozen",
  "prior_close",
  "halted",
  "unknown",
]);
export type LastPriceAge = z.infer<typeof LastPriceAge>;

/** What a reader takes where a PC of the version before did not say it: nothing is guessed. */
const MARKET_NOT_TOLD = {
  state: "unknown" as const,
  closes_at: null,
  next_open: null,
  session_date: null,
  last_session_date: null,
};
const NOTE_NOT_TOLD =
  "The sidecar is older than the gateway and does not say whether the market is open, or of which session a price is.";

/**
 * The same, with the state of the contract's market and what the prices are worth in it. Members that
 * a PC of the version before does not send are optional to the reader.
 */
export const Quote = QuoteFigures.extend({
  market: z
    .strictObject({
      state: MarketPhase,
      /** The end of the present state, while anything trades. */
      closes_at: Timestamp.nullable(),
      /** The next beginning of regular hours. */
      next_open: Timestamp.nullable(),
      /** The trading day in progress. */
      session_date: Day.nullable(),
      /** The trading day of the latest completed regular session. */
      last_session_date: Day.nullable(),
    })
    .default(MARKET_NOT_TOLD),
  /** The last price that the broker shows, however old, with its time where that is known. */
  last_price: z
    .strictObject({ price: DecimalText, age: LastPriceAge, at: Timestamp.nullable() })
    .nullable()
    .default(null),
  /** The price to judge the contract by; never one older than the latest completed session. */
  reference_price: ReferencePrice.nullable().default(null),
  /** What the reader must know about this quote: the market's state, and why a price is old. */
  note: z.string().nullable().default(NOTE_NOT_TOLD),
});
export type Quote = z.infer<typeof Quote>;

export const marketSnapshot = defineOperation({
  name: "market.snapshot",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({
    conids: z
      .array(Conid)
      .min(1)
      .max(100)
      .describe("IBKR contract ids (conids) from the contract search"),
    fields: z
      .array(QuoteField)
      .min(1)
      .max(QUOTE_FIELDS.length)
      .optional()
      .describe("Which figures; left out: last, bid, ask, sizes, prior close, change, volume"),
  }),
  output: z.strictObject({ quotes: z.array(Quote), ...provenance }),
  deadlineMs: 20_000,
});
