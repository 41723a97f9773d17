import * as z from "zod";
import { ShownNumber } from "../approval/approval-proof.ts";
import { Mandate } from "../approval/mandate.ts";
import { Assertion } from "../approval/webauthn-assertion.ts";
import { Hash } from "../orders/intent.ts";
import { OrderRefusal } from "../orders/order-refusal.ts";
import { defineOperation } from "./define-operation.ts";
import { Timestamp } from "./field-types.ts";

/**
 * A mandate at the PC. The edge tells of one and of its end; what counts is what this PC verified,
 * showed to whoever sits at it, and got its own number back for. None of these reaches the broker,
 * and each may be repeated without another effect, so that they travel as reads and wait behind no
 * order.
 */
const State = z.enum([
  /** Verified and shown, with a number that the owner has to bring back. */
  "waiting",
  "confirmed",
  "refused",
  "revoked",
  /** This PC has never seen it. */
  "unknown",
]);

const answer = z.strictObject({
  state: State,
  refusals: z.array(OrderRefusal).max(10),
  as_of: Timestamp,
});

/** Verifies the owner's signature over the bounds and shows them, with the number, at the PC. */
export const mandateTake = defineOperation({
  name: "mandate.take",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({ mandate: Mandate, assertion: Assertion }),
  output: answer.extend({
    /** Where the number was shown; empty when `ibkr-sidecar mandates` is the only way to see it. */
    shown: z.array(z.enum(["terminal", "desktop"])),
  }),
  deadlineMs: 8_000,
});

/** Brings the number back. One try: a wrong number ends the mandate, and the owner signs another. */
export const mandateConfirm = defineOperation({
  name: "mandate.confirm",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({ mandate_hash: Hash, number: ShownNumber }),
  output: answer,
  deadlineMs: 5_000,
});

/** Ends it at the PC for good. */
export const mandateRevoke = defineOperation({
  name: "mandate.revoke",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({ mandate_hash: Hash }),
  output: answer,
  deadlineMs: 5_000,
});
