import * as z from "zod";
import { defineOperation } from "./define.ts";
import { Conid, Day, inputConid, provenance, Timestamp } from "./parts.ts";

const hours = z.array(z.strictObject({ opens: Timestamp, closes: Timestamp }));

/** When a contract trades, from its own dated schedule. */
export const marketSession = defineOperation({
  name: "market.session",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({
    conid: inputConid,
    exchange: z
      .string()
      .regex(/^[A-Z0-9.]{1,20}$/)
      .optional()
      .describe("The schedule on this exchange; left out: the primary one"),
  }),
  output: z.strictObject({
    conid: Conid,
    /** IANA zone in which the days are named. */
    time_zone: z.string().max(40),
    /** In regular hours now; null when the schedule does not cover today. */
    is_open: z.boolean().nullable(),
    /** In extended hours now. */
    is_extended: z.boolean().nullable(),
    next_open: Timestamp.nullable(),
    next_close: Timestamp.nullable(),
    days: z.array(z.strictObject({ day: Day, regular: hours, extended: hours })),
    ...provenance,
  }),
  deadlineMs: 15_000,
});
