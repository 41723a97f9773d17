import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import { AccountId, Currency, DecimalText, inputAccountId, provenance } from "./field-types.ts";

const slices = z.array(
  z.strictObject({
    name: z.string().max(100),
    long: DecimalText.nullable(),
    short: DecimalText.nullable(),
  }),
);

/** How the account is spread, in base currency. */
export const portfolioAllocation = defineOperation({
  name: "portfolio.allocation",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({ account_id: inputAccountId }),
  output: z.strictObject({
    account_id: AccountId,
    currency: Currency.nullable(),
    asset_class: slices,
    sector: slices,
    group: slices,
    ...provenance,
  }),
  deadlineMs: 15_000,
});
