import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import { BrokerSession } from "./session-status.ts";

/**
 * Looks at the broker session now instead of at the next planned time, and keeps it alive. It never
 * takes the session from anybody and never logs in.
 */
export const sessionRenew = defineOperation({
  name: "session.renew",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({}),
  output: BrokerSession,
  deadlineMs: 20_000,
});
