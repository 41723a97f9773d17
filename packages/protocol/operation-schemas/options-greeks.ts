import * as z from "zod";
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
        strike: DecimalText.nullable(),
        right: z.enum(["call", "put"]).nullable(),
        currency: Currency.nullable(),
        underlying_conid: Conid.nullable(),
        availability: Availability,
        quote_at: Timestamp.nullable(),
        delta: DecimalText.nullable(),
        gamma: DecimalText.nullable(),
        theta: DecimalText.nullable(),
        vega: DecimalText.nullable(),
        implied_volatility_percent: DecimalText.nullable(),
        open_interest: DecimalText.nullable(),
        bid: DecimalText.nullable(),
        ask: DecimalText.nullable(),
        last: DecimalText.nullable(),
      }),
    ),
    ...provenance,
  }),
  deadlineMs: 20_000,
});
