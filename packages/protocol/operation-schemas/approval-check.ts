import * as z from "zod";
import { PasskeyProof } from "../approval/approval-proof.ts";
import { OrderRefusal } from "../orders/order-refusal.ts";
import { defineOperation } from "./define-operation.ts";
import { AccountId, Timestamp } from "./field-types.ts";

/**
 * Whether an approval would hold at the PC: the signature by a passkey enrolled there, over the
 * PC's own ticket, and the number it showed. It spends nothing and places nothing; the owner learns
 * at the page, and not from a refused order, that the PC does not know the passkey or that the
 * number is another. A wrong number behind a true signature is counted, and few are taken.
 */
export const approvalCheck = defineOperation({
  name: "approval.check",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({ account_id: AccountId, approval: PasskeyProof }),
  output: z.strictObject({
    holds: z.boolean(),
    refusals: z.array(OrderRefusal).max(20),
    /** How many wrong numbers are left; null where none was asked for. */
    tries_left: z.int().nonnegative().nullable(),
    as_of: Timestamp,
  }),
  deadlineMs: 5_000,
});
