import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import {
  Conid,
  Currency,
  DecimalText,
  inputAccountId,
  inputConid,
  provenance,
} from "./field-types.ts";

const level = z.strictObject({ price: DecimalText, size: DecimalText });

/** The order book, best price first, where the account subscribes to it. */
export const marketDepth = defineOperation({
  name: "market.depth",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({
    conid: inputConid,
    account_id: inputAccountId,
    exchange: z
      .string()
      .regex(/^[A-Z0-9.]{1,20}$/)
      .optional()
      .describe("One exchange's book; left out: the broker's aggregate"),
    levels: z.int().min(1).max(20).default(10).describe("Levels each side"),
  }),
  output: z.strictObject({
    conid: Conid,
    currency: Currency.nullable(),
    bids: z.array(level),
    asks: z.array(level),
    ...provenance,
  }),
  deadlineMs: 15_000,
});
