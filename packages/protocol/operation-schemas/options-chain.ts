import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import { Conid, Currency, Day, DecimalText, inputPage, page, provenance } from "./field-types.ts";

const Month = z.string().regex(/^20\d\d-(0[1-9]|1[0-2])$/);

/** The listed options of one underlying in one month, around the money unless strikes are named. */
export const optionsChain = defineOperation({
  name: "options.chain",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({
    underlying_conid: Conid.describe("conid of the underlying, from the contract search"),
    month: Month.optional().describe("Expiry month YYYY-MM; left out: the nearest"),
    expiry: Day.optional().describe("Only this expiry day"),
    right: z.enum(["call", "put"]).optional().describe("Only calls or only puts"),
    trading_class: z
      .string()
      .regex(/^[A-Z0-9]{1,10}$/)
      .optional()
      .describe("Only this class, e.g. SPXW"),
    strike_from: DecimalText.optional().describe("Lowest strike"),
    strike_to: DecimalText.optional().describe("Highest strike"),
    strikes: z.int().min(1).max(60).default(10).describe("How many strikes, nearest to the money"),
    ...inputPage,
  }),
  output: z.strictObject({
    underlying_conid: Conid,
    symbol: z.string().max(100).nullable(),
    currency: Currency.nullable(),
    month: Month,
    months: z.array(Month),
    /** The underlying's price the strikes were chosen around; null when they were named or no price was known. */
    reference_price: DecimalText.nullable(),
    expiries: z.array(Day),
    trading_classes: z.array(z.string().max(20)),
    contracts: z.array(
      z.strictObject({
        conid: Conid,
        expiry: Day,
        strike: DecimalText,
        right: z.enum(["call", "put"]),
        trading_class: z.string().max(20).nullable(),
        exchange: z.string().max(40).nullable(),
        currency: Currency.nullable(),
        multiplier: DecimalText.nullable(),
      }),
    ),
    /** Strikes the month has that were not looked up. */
    strikes_left_out: z.int().nonnegative(),
    page,
    ...provenance,
  }),
  deadlineMs: 60_000,
});
