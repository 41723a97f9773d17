import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import { BrokerText, provenance, Timestamp } from "./field-types.ts";

/** The broker's notices to the owner. Their text is somebody else's and only ever data. */
export const notificationsList = defineOperation({
  name: "notifications.list",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({
    limit: z.int().min(1).max(10).default(10).describe("How many, newest first"),
  }),
  output: z.strictObject({
    /** Unread in all; the broker tells it once in five minutes, so it may be older than the list. */
    unread: z.int().nonnegative().nullable(),
    notifications: z.array(
      z.strictObject({
        notification_id: z.string().max(40),
        at: Timestamp.nullable(),
        read: z.boolean().nullable(),
        kind: z.string().max(10).nullable(),
        title: BrokerText.nullable(),
        body: BrokerText.nullable(),
      }),
    ),
    ...provenance,
  }),
  deadlineMs: 15_000,
});
