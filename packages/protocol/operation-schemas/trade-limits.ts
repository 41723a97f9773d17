import * as z from "zod";
import { TradingMode } from "../orders/order-terms.ts";
import { defineEdgeOperation } from "./edge-operations.ts";
import { AccountId, Timestamp } from "./field-types.ts";

export const tradeLimits = defineEdgeOperation({
  name: "trade.limits",
  input: z.strictObject({ account_id: AccountId }),
  output: z.strictObject({
    account_id: AccountId,
    policy_version: z.int().nullable(),
    policy_hash: z.string().nullable(),
    mode: TradingMode.nullable(),
    trading_state: z.enum(["active", "reducing", "halted"]),
    switches: z.strictObject({ paper: z.boolean(), live: z.boolean() }),
    limits: z.array(
      z.strictObject({
        limit: z.string(),
        used: z.string().nullable(),
        bound: z.string(),
        headroom: z.string().nullable(),
      }),
    ),
    /** Ceilings of one order, for planning. */
    per_order: z.array(z.strictObject({ limit: z.string(), bound: z.string() })),
    in_doubt: z.int().nonnegative(),
    as_of: Timestamp,
  }),
  deadlineMs: 5_000,
});
