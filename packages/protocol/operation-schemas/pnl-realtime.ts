import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import {
  AccountId,
  Conid,
  Currency,
  DecimalText,
  inputAccountId,
  inputPage,
  Money,
  page,
  provenance,
} from "./field-types.ts";

/** Profit and loss by holding, now. */
export const pnlRealtime = defineOperation({
  name: "pnl.realtime",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({ account_id: inputAccountId, ...inputPage }),
  output: z.strictObject({
    account_id: AccountId,
    rows: z.array(
      z.strictObject({
        conid: Conid,
        symbol: z.string().max(100).nullable(),
        currency: Currency.nullable(),
        quantity: DecimalText,
        market_value: DecimalText.nullable(),
        unrealized: DecimalText.nullable(),
        realized: DecimalText.nullable(),
      }),
    ),
    /** Sums by currency over all holdings; null where one of them is unknown. */
    totals: z.array(
      z.strictObject({
        currency: Currency,
        unrealized: DecimalText.nullable(),
        realized: DecimalText.nullable(),
      }),
    ),
    /** The account's own figures, in base currency. */
    daily: Money.nullable(),
    unrealized: Money.nullable(),
    proved: z.boolean(),
    settling: z.boolean(),
    page,
    ...provenance,
  }),
  deadlineMs: 20_000,
});
