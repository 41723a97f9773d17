import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import {
  AccountId,
  Conid,
  Currency,
  DecimalText,
  inputAccountId,
  inputPage,
  page,
  provenance,
  Timestamp,
} from "./field-types.ts";

/** One fill. Price, commission and net amount in `currency`. */
export const Execution = z.strictObject({
  execution_id: z.string().max(64),
  account_id: AccountId,
  order_id: z.string().max(40).nullable(),
  order_ref: z.string().max(64).nullable(),
  conid: Conid.nullable(),
  symbol: z.string().max(100).nullable(),
  asset_class: z.string().max(20).nullable(),
  side: z.enum(["buy", "sell"]).nullable(),
  quantity: DecimalText.nullable(),
  price: DecimalText.nullable(),
  currency: Currency.nullable(),
  commission: DecimalText.nullable(),
  net_amount: DecimalText.nullable(),
  exchange: z.string().max(40).nullable(),
  /** The broker closed the position on its own account. */
  liquidation: z.boolean().nullable(),
  executed_at: Timestamp.nullable(),
});
export type Execution = z.infer<typeof Execution>;

export const executionsList = defineOperation({
  name: "executions.list",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({
    account_id: inputAccountId,
    days: z.int().min(1).max(7).default(1).describe("How many days back, today included"),
    ...inputPage,
  }),
  output: z.strictObject({
    account_id: AccountId,
    executions: z.array(Execution),
    proved: z.boolean(),
    page,
    ...provenance,
  }),
  deadlineMs: 20_000,
});
