import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import { Timestamp } from "./field-types.ts";

/**
 * Engages the kill switch at the PC. Anybody may stop; there is no operation that lifts it, only
 * `ibkr-sidecar unkill` at the PC. Engaging an engaged switch changes nothing.
 */
export const killEngage = defineOperation({
  name: "kill.engage",
  class: "write",
  capability: "broker.read",
  input: z.strictObject({ reason: z.string().min(1).max(200) }),
  output: z.strictObject({
    engaged: z.literal(true),
    since: Timestamp.nullable(),
    reason: z.string().max(200).nullable(),
    /** False when it was engaged before. */
    changed: z.boolean(),
  }),
  deadlineMs: 5_000,
});
