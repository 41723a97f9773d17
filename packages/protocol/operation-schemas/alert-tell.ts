import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import { Timestamp } from "./field-types.ts";

/** What says that trading was stopped: told before all else, and never crowded out by the rest. */
export const STOPPED_ALERTS: readonly string[] = [
  "kill_switch_engaged",
  "daily_loss_soft",
  "daily_loss_hard",
  "drawdown",
  "error_streak",
  "audit_backlog",
];

/**
 * Tells the PC what only the gateway noticed and the owner must look at (an engaged kill switch, an
 * order nothing explains), so that it reaches the PC's terminal, desktop, webhook and ntfy topic.
 * It changes nothing. The PC shows so many in an hour and no more, whoever speaks at the other end.
 */
export const alertTell = defineOperation({
  name: "alert.tell",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({
    /** `kill_switch_engaged`. */
    kind: z.string().regex(/^[a-z][a-z_]{0,39}$/),
    message: z.string().min(1).max(500),
  }),
  output: z.strictObject({
    /** Where it was shown. */
    shown: z.array(z.enum(["terminal", "desktop", "push"])),
    /** False when this hour's alerts from the gateway are used up; ask again later. */
    taken: z.boolean(),
    as_of: Timestamp,
  }),
  deadlineMs: 10_000,
});
