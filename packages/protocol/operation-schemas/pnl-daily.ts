import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import { AccountId, inputAccountId, Money, provenance } from "./field-types.ts";

/** Profit and loss since the previous close, and what is open, in base currency. */
export const pnlDaily = defineOperation({
  name: "pnl.daily",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({ account_id: inputAccountId }),
  output: z.strictObject({
    account_id: AccountId,
    daily: Money.nullable(),
    unrealized: Money.nullable(),
    realized: Money.nullable(),
    net_liquidation: Money.nullable(),
    ...provenance,
  }),
  deadlineMs: 20_000,
});
