import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import { inputPage, page, provenance } from "./field-types.ts";

/** Which scans, markets and filters there are for an instrument type; from the copy kept on disk. */
export const scannerCodes = defineOperation({
  name: "scanner.codes",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({
    instrument: z
      .string()
      .regex(/^[A-Za-z0-9_.]{1,60}$/)
      .default("STK")
      .describe("Instrument type, e.g. STK"),
    kind: z.enum(["scans", "locations", "filters", "instruments"]).default("scans"),
    ...inputPage,
  }),
  output: z.strictObject({
    codes: z.array(z.strictObject({ code: z.string().max(60), name: z.string().max(100) })),
    page,
    ...provenance,
  }),
  deadlineMs: 40_000,
});
