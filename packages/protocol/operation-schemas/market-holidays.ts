import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import { Conid, Day, inputConid, provenance } from "./field-types.ts";

/** Weekdays without regular trading, and shortened ones, inside the dated schedule's horizon. */
export const marketHolidays = defineOperation({
  name: "market.holidays",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({ conid: inputConid }),
  output: z.strictObject({
    conid: Conid,
    time_zone: z.string().max(40),
    /** The schedule says nothing before or after. */
    from: Day.nullable(),
    to: Day.nullable(),
    holidays: z.array(
      z.strictObject({
        day: Day,
        kind: z.enum(["closed", "short_day"]),
        /** Minutes of regular trading. */
        minutes: z.int().nonnegative(),
      }),
    ),
    ...provenance,
  }),
  deadlineMs: 15_000,
});
