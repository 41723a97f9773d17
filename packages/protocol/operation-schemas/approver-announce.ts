import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import { Timestamp } from "./field-types.ts";

/**
 * Tells the PC which passkeys its owner has at the gateway, so that nobody has to copy a key by
 * hand. It is a proposal and nothing else: whether such a key may approve orders is decided at the
 * PC, which makes the six words from the key itself. Each call names all of them.
 */
export const approverAnnounce = defineOperation({
  name: "approver.announce",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({
    keys: z
      .array(
        z.strictObject({
          credential_id: z.string().regex(/^[A-Za-z0-9_-]{16,1400}$/),
          /** COSE, base64url. */
          public_key: z.string().regex(/^[A-Za-z0-9_-]{1,2000}$/),
          /** As its owner called it in the console. */
          name: z.string().max(60),
        }),
      )
      .max(20),
  }),
  output: z.strictObject({
    keys: z
      .array(
        z.strictObject({
          credential_id: z.string().max(1_400),
          /** `accepted`: approves here. `waiting`: nobody has said yes. `removed`: taken out here, for good. */
          state: z.enum(["accepted", "waiting", "removed", "unusable"]),
        }),
      )
      .max(20),
    as_of: Timestamp,
  }),
  deadlineMs: 5_000,
});
