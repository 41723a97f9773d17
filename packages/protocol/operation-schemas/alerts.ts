import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import { AccountId, BrokerText, inputAccountId, provenance, Timestamp } from "./field-types.ts";

const Alert = z.strictObject({
  alert_id: z.string().max(20),
  /** Named by whoever made it. */
  name: BrokerText.nullable(),
  active: z.boolean().nullable(),
  triggered: z.boolean().nullable(),
  repeatable: z.boolean().nullable(),
  created_at: Timestamp.nullable(),
});

export const alertsList = defineOperation({
  name: "alerts.list",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({ account_id: inputAccountId }),
  output: z.strictObject({ account_id: AccountId, alerts: z.array(Alert), ...provenance }),
  deadlineMs: 15_000,
});

export const alertsGet = defineOperation({
  name: "alerts.get",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({
    account_id: inputAccountId,
    alert_id: z
      .string()
      .regex(/^\d{1,20}$/)
      .describe("From the list of alerts"),
  }),
  output: z.strictObject({
    account_id: AccountId,
    alert: Alert,
    message: BrokerText.nullable(),
    time_in_force: z.string().max(20).nullable(),
    conditions: z.array(
      z.strictObject({
        kind: z.string().max(40).nullable(),
        instrument: z.string().max(200).nullable(),
        operator: z.string().max(10).nullable(),
        value: z.string().max(60).nullable(),
        /** How it joins the next condition. */
        joins: z.enum(["and", "or", "end"]).nullable(),
      }),
    ),
    ...provenance,
  }),
  deadlineMs: 15_000,
});
