import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import {
  AccountId,
  Currency,
  Day,
  DecimalText,
  inputAccountId,
  provenance,
} from "./field-types.ts";

export const PERFORMANCE_PERIODS = ["1D", "7D", "MTD", "1M", "3M", "6M", "12M", "YTD"] as const;

/** Net asset value and time-weighted return by day. The broker answers this four times an hour at most. */
export const performanceGet = defineOperation({
  name: "performance.get",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({
    account_id: inputAccountId,
    period: z.enum(PERFORMANCE_PERIODS).default("1M").describe("How far back"),
  }),
  output: z.strictObject({
    account_id: AccountId,
    currency: Currency.nullable(),
    period: z.enum(PERFORMANCE_PERIODS),
    /** TWR: time-weighted return. */
    method: z.string().max(20).nullable(),
    start_nav: DecimalText.nullable(),
    days: z.array(
      z.strictObject({
        day: Day,
        nav: DecimalText.nullable(),
        /** Since the period began, as a fraction: 0.01 is 1 %. */
        cumulative_return: DecimalText.nullable(),
      }),
    ),
    months: z.array(
      z.strictObject({ month: z.string().regex(/^\d{4}-\d\d$/), return: DecimalText.nullable() }),
    ),
    ...provenance,
  }),
  deadlineMs: 25_000,
});
