import * as z from "zod";
import { defineEdgeOperation } from "./edge-operations.ts";
import { AccountId } from "./field-types.ts";
import { ShownOrder } from "./shown-order.ts";

export const tradeReconcile = defineEdgeOperation({
  name: "trade.reconcile",
  input: z.strictObject({ account_id: AccountId }),
  output: z.strictObject({
    account_id: AccountId,
    /** The broker's book agreed with itself; without that nothing is concluded from it. */
    proved: z.boolean(),
    looked_for: z.int().nonnegative(),
    orders: z.array(ShownOrder),
    /** Orders at the broker that this gateway did not send. */
    foreign: z.array(
      z.strictObject({
        order_id: z.string(),
        order_ref: z.string().nullable(),
        symbol: z.string().nullable(),
        side: z.string().nullable(),
        status: z.string(),
      }),
    ),
    /** They bear a reference of this gateway and no approval of it. */
    unexplained: z.array(z.string()),
    still_in_doubt: z.int().nonnegative(),
    next_step: z.string(),
  }),
  deadlineMs: 70_000,
});
