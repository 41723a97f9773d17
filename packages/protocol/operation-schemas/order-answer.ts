import * as z from "zod";
import { ShownNumber } from "../approval/approval-proof.ts";
import { Assertion } from "../approval/webauthn-assertion.ts";
import { ClientOrderId, Hash, Nonce } from "../orders/intent.ts";
import { defineOperation } from "./define-operation.ts";
import { OrderOutcome, orderWrite } from "./order-parts.ts";

/**
 * Answers the broker's open question about one order. Declining needs nobody; confirming needs the
 * owner's passkey over the question's statement (`ibkr-question-answer/v1`): the intent hash, the
 * reply id and the fingerprints, as the sidecar itself has them. Where placing the order took the PC's
 * number, the yes takes one as well.
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
        /**
         * The number that the PC showed beside the question, where placing the order took one. Only
         * for a PC whose handshake says `question-number`.
         */
        echo: ShownNumber.nullable().default(null),
      })
      .nullable(),
  }),
  output: OrderOutcome,
  deadlineMs: 20_000,
});
