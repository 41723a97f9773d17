import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import { Timestamp } from "./field-types.ts";

/**
 * Shows at the PC that an approval is asked for: the order in the sidecar's own words, and a
 * four-digit number that the approval page must bring back: for tier 2, and for everything while a
 * passkey of the gateway's own pages is on probation there. The number is made here, shown here,
 * and in no answer. Asking again shows the same number again.
 */
export const approvalAnnounce = defineOperation({
  name: "approval.announce",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({
    preview_id: z.string().min(1).max(64),
    tier: z.union([z.literal(1), z.literal(2)]),
    /** Who asks, as the owner knows the agent. */
    requested_by: z.string().max(80),
  }),
  output: z.strictObject({
    /** False when this sidecar keeps no such preview. */
    known: z.boolean(),
    /** Where it was shown. */
    shown: z.array(z.enum(["terminal", "desktop", "push"])),
    /** True when a number was shown, so that the page asks for it. */
    number: z.boolean(),
    as_of: Timestamp,
  }),
  deadlineMs: 5_000,
});
