import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import { Currency, DecimalText, provenance } from "./field-types.ts";

/** How many units of `quote` one unit of `base` is worth. Indicative, not tradable. */
export const currencyRate = defineOperation({
  name: "currency.rate",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({
    base: Currency.describe("Currency to price, e.g. EUR"),
    quote: Currency.describe("Currency of the price, e.g. USD"),
  }),
  output: z.strictObject({
    base: Currency,
    quote: Currency,
    rate: DecimalText.nullable(),
    ...provenance,
  }),
  deadlineMs: 15_000,
});
