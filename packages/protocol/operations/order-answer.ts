import * as z from "zod";
import { Assertion } from "../approval/assertion.ts";
import { ClientOrderId, Hash, Nonce } from "../orders/intent.ts";
import { defineOperation } from "./define.ts";
import { OrderOutcome, orderWrite } from "./order-parts.ts";

/**
 * Answers the broker's open question about one order. Declining needs nobody; confirming needs the
 * owner's passkey over the question's statement (`ibkr-question-answer/v1`): the intent hash, the
 * reply id and the fingerprints, as the sidecar itself has them.
 */
export const orderAnswer = defineOperation({
  name: "order.answer",
  class: "write",
  capability: "orders.paper",
  alsoUnder: "orders.live",
  input: z.strictObject({
    ...orderWrite,
    coid: ClientOrderId,
    reply_id: z.string().min(1).max(128),
    confirm: z.boolean(),
    /** Present exactly when confirming. */
    owner: z
      .strictObject({
        fingerprints: z.array(Hash).min(1).max(20),
        nonce: Nonce,
        not_after: z.iso.datetime({ precision: 3 }),
        assertion: Assertion,
      })
      .nullable(),
  }),
  output: OrderOutcome,
  deadlineMs: 20_000,
});
