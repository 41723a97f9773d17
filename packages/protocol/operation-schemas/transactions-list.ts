import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import {
  AccountId,
  Conid,
  Currency,
  Day,
  DecimalText,
  inputAccountId,
  inputConid,
  inputPage,
  Money,
  page,
  provenance,
} from "./field-types.ts";

/** What was traded and paid in one contract. Amounts in each row's currency; nothing of today. */
export const transactionsList = defineOperation({
  name: "transactions.list",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({
    account_id: inputAccountId,
    conid: inputConid,
    days: z.int().min(1).max(365).default(90).describe("How many days back"),
    ...inputPage,
  }),
  output: z.strictObject({
    account_id: AccountId,
    conid: Conid,
    transactions: z.array(
      z.strictObject({
        day: Day.nullable(),
        kind: z.string().max(60).nullable(),
        description: z.string().max(200).nullable(),
        quantity: DecimalText.nullable(),
        price: DecimalText.nullable(),
        amount: DecimalText.nullable(),
        currency: Currency.nullable(),
        /** Units of base currency for one of `currency`. */
        exchange_rate: DecimalText.nullable(),
      }),
    ),
    realized_pnl: Money.nullable(),
    page,
    ...provenance,
  }),
  deadlineMs: 25_000,
});
