import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import {
  Availability,
  Conid,
  Currency,
  DecimalText,
  inputConid,
  provenance,
  Timestamp,
} from "./field-types.ts";

export const BAR_SIZES = [
  "1min",
  "2min",
  "3min",
  "5min",
  "10min",
  "15min",
  "30min",
  "1h",
  "2h",
  "3h",
  "4h",
  "8h",
  "1d",
  "1w",
  "1m",
] as const;

/** Historical bars of one contract, oldest first. Prices in `currency`, volume in shares or contracts. */
export const marketBars = defineOperation({
  name: "market.bars",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({
    conid: inputConid,
    bar: z.enum(BAR_SIZES).describe("Length of one bar; 1m is one month, 1min one minute"),
    period: z
      .string()
      .regex(/^[1-9]\d{0,3}(min|h|d|w|m|y)$/)
      .describe("How far back, e.g. 30min, 8h, 5d, 4w, 6m (months), 1y"),
    end: Timestamp.optional().describe("End of the window, UTC; left out: now"),
    outside_rth: z.boolean().default(false).describe("Include trading outside regular hours"),
  }),
  output: z.strictObject({
    conid: Conid,
    symbol: z.string().max(100).nullable(),
    currency: Currency.nullable(),
    bar: z.enum(BAR_SIZES),
    /** How much behind the data is, in seconds; null when the broker does not say. */
    delay_s: z.int().nonnegative().nullable(),
    availability: Availability,
    bars: z.array(
      z.strictObject({
        /** Start of the bar. */
        at: Timestamp,
        open: DecimalText.nullable(),
        high: DecimalText.nullable(),
        low: DecimalText.nullable(),
        close: DecimalText.nullable(),
        volume: DecimalText.nullable(),
      }),
    ),
    /** True when the broker gave its most (1000 bars) and older ones of the window are missing. */
    truncated: z.boolean(),
    ...provenance,
  }),
  deadlineMs: 30_000,
});
