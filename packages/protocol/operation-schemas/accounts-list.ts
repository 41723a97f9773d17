import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import { AccountId, Currency, provenance } from "./field-types.ts";

export const accountsList = defineOperation({
  name: "accounts.list",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({}),
  output: z.strictObject({
    accounts: z.array(
      z.strictObject({
        account_id: AccountId,
        /** The owner's own name for it, when there is one. */
        alias: z.string().max(100).nullable(),
        /** Proved by the broker; `unknown` means no orders. */
        mode: z.enum(["paper", "live", "unknown"]),
        base_currency: Currency.nullable(),
        /** INDIVIDUAL, JOINT, … as the broker writes it. */
        customer_type: z.string().max(40).nullable(),
        /** STKNOPT, STKMRGN, … as the broker writes it. */
        trading_type: z.string().max(40).nullable(),
        /** True when the broker session can trade it; null when the brokerage session is not up. */
        tradable: z.boolean().nullable(),
      }),
    ),
    ...provenance,
  }),
  deadlineMs: 15_000,
});
