import * as z from "zod";
import { defineEdgeOperation } from "./edge-operations.ts";
import { Timestamp } from "./field-types.ts";

const ShownKill = z.strictObject({
  scope: z.enum(["gateway", "broker_account", "agent", "sidecar"]),
  engaged_by: z.enum(["owner", "policy", "agent", "sidecar"]),
  reason: z.string(),
  effect: z.string(),
  since: Timestamp,
});

const killAnswer = z.strictObject({
  engaged: z.boolean(),
  /** Those that cover this agent or an account it may use. */
  switches: z.array(ShownKill),
  /** What passes while one is engaged. */
  still_possible: z.array(z.string()),
  /** Own working orders whose cancel was asked for. */
  cancelling: z.int().nonnegative(),
  next_step: z.string(),
});

export const tradeKillStatus = defineEdgeOperation({
  name: "trade.kill_status",
  input: z.strictObject({}),
  output: killAnswer,
  deadlineMs: 2_000,
});

export const tradeKill = defineEdgeOperation({
  name: "trade.kill",
  input: z.strictObject({
    reason: z.string().min(1).max(200),
    cancel_working_orders: z.boolean().default(false),
  }),
  output: killAnswer,
  deadlineMs: 5_000,
});
