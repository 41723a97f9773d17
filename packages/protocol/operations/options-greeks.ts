import * as z from "zod";
import { defineOperation } from "./define.ts";
import { Availability, Conid, Currency, Day, Decimal, provenance, Timestamp } from "./parts.ts";

/** The broker's model figures of options: per one unit of the underlying; volatility in percent a year. */
export const optionsGreeks = defineOperation({
  name: "options.greeks",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({
    conids: z.array(Conid).min(1).max(50).describe("conids of options, from the option chain"),
  }),
  output: z.strictObject({
    greeks: z.array(
      z.strictObject({
        conid: Conid,
        symbol: z.string().max(100).nullable(),
        expiry: Day.nullable(),
        strike: Decimal.nullable(),
        right: z.enum(["call", "put"]).nullable(),
        currency: Currency.nullable(),
        underlying_conid: Conid.nullable(),
        availability: Availability,
        quote_at: Timestamp.nullable(),
        delta: Decimal.nullable(),
        gamma: Decimal.nullable(),
        theta: Decimal.nullable(),
        vega: Decimal.nullable(),
        implied_volatility_percent: Decimal.nullable(),
        open_interest: Decimal.nullable(),
        bid: Decimal.nullable(),
        ask: Decimal.nullable(),
        last: Decimal.nullable(),
      }),
    ),
    ...provenance,
  }),
  deadlineMs: 20_000,
});
