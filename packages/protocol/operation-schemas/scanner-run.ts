import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import { Conid, provenance } from "./field-types.ts";

const code = /^[A-Za-z0-9_.]{1,60}$/;

/** A market scan. Codes are checked against the broker's own list before anything is sent. */
export const scannerRun = defineOperation({
  name: "scanner.run",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({
    scan: z.string().regex(code).describe("Scan code, e.g. TOP_PERC_GAIN"),
    instrument: z.string().regex(code).default("STK").describe("Instrument type, e.g. STK"),
    location: z.string().regex(code).default("STK.US.MAJOR").describe("Market, e.g. STK.US.MAJOR"),
    filters: z
      .array(
        z.strictObject({
          code: z.string().regex(code).describe("Filter code, e.g. priceAbove"),
          value: z
            .string()
            .regex(/^[A-Za-z0-9_.,-]{1,40}$/)
            .describe("Filter value, e.g. 5"),
        }),
      )
      .max(10)
      .default([])
      .describe("Filters, all of which must hold"),
    limit: z.int().min(1).max(50).default(25).describe("Rows"),
  }),
  output: z.strictObject({
    scan: z.string(),
    /** What the scan ranks by, as the broker names the column. */
    ranked_by: z.string().max(60).nullable(),
    rows: z.array(
      z.strictObject({
        rank: z.int().positive(),
        conid: Conid,
        symbol: z.string().max(100).nullable(),
        name: z.string().max(200).nullable(),
        exchange: z.string().max(40).nullable(),
        asset_class: z.string().max(20).nullable(),
      }),
    ),
    total: z.int().nonnegative(),
    ...provenance,
  }),
  deadlineMs: 40_000,
});
