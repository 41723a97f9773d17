import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import { AccountId, Currency, inputAccountId, provenance } from "./field-types.ts";

/** What kind of account it is and what it may do, as far as the broker says. Null is unknown. */
export const accountMetadata = defineOperation({
  name: "account.metadata",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({ account_id: inputAccountId }),
  output: z.strictObject({
    account_id: AccountId,
    alias: z.string().max(100).nullable(),
    mode: z.enum(["paper", "live", "unknown"]),
    base_currency: Currency.nullable(),
    customer_type: z.string().max(40).nullable(),
    trading_type: z.string().max(40).nullable(),
    business_type: z.string().max(40).nullable(),
    legal_entity: z.string().max(40).nullable(),
    margin: z.enum(["cash", "margin", "unknown"]),
    clearing_status: z.string().max(20).nullable(),
    fractional_shares: z.boolean().nullable(),
    cash_quantity_orders: z.boolean().nullable(),
    currency_conversion: z.boolean().nullable(),
    has_sub_accounts: z.boolean().nullable(),
    tradable: z.boolean().nullable(),
    /** STK, OPT, FUT, …; null when the brokerage session is not up. */
    asset_classes: z.array(z.string().max(20)).nullable(),
    ...provenance,
  }),
  deadlineMs: 15_000,
});
