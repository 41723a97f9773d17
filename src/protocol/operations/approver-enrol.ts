import * as z from "zod";
import { Assertion } from "../approval/assertion.ts";
import { Nonce } from "../orders/intent.ts";
import { OrderRefusal } from "../orders/refusal.ts";
import { defineOperation } from "./define.ts";

/**
 * Takes another passkey as an approver, on the signature of one that is enrolled at the PC already
 * (`ibkr-approver/v1`, over both ids, the key, the label, the nonce and the end). Without it nothing
 * but `ibkr-sidecar approvers add` at the PC puts a key in.
 */
export const approverEnrol = defineOperation({
  name: "approver.enrol",
  class: "write",
  capability: "broker.read",
  input: z.strictObject({
    credential_id: z.string().regex(/^[A-Za-z0-9_-]{16,1400}$/),
    /** COSE, base64url. */
    public_key: z
      .string()
      .regex(/^[A-Za-z0-9_-]+$/)
      .max(2_000),
    label: z.string().min(1).max(60),
    nonce: Nonce,
    not_after: z.iso.datetime({ precision: 3 }),
    assertion: Assertion,
  }),
  output: z.strictObject({
    enrolled: z.boolean(),
    /** Six words over the new key; null when it was refused. */
    fingerprint: z.string().max(200).nullable(),
    refusals: z.array(OrderRefusal).max(10),
  }),
  deadlineMs: 5_000,
});
