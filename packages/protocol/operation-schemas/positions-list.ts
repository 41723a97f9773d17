import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import {
  AccountId,
  Conid,
  Currency,
  Day,
  DecimalText,
  inputAccountId,
  inputPage,
  page,
  provenance,
} from "./field-types.ts";

/** One holding. Prices and values are in `currency`; quantity is shares or contracts. */
export const Position = z.strictObject({
  conid: Conid,
  symbol: z.string().max(100).nullable(),
  description: z.string().max(200).nullable(),
  asset_class: z.string().max(20).nullable(),
  currency: Currency.nullable(),
  quantity: DecimalText,
  market_price: DecimalText.nullable(),
  market_value: DecimalText.nullable(),
  average_cost: DecimalText.nullable(),
  average_price: DecimalText.nullable(),
  unrealized_pnl: DecimalText.nullable(),
  realized_pnl: DecimalText.nullable(),
  /** For derivatives. */
  expiry: Day.nullable(),
  strike: DecimalText.nullable(),
  right: z.enum(["call", "put"]).nullable(),
  multiplier: DecimalText.nullable(),
  underlying_conid: Conid.nullable(),
  model: z.string().max(100).nullable(),
});
export type Position = z.infer<typeof Position>;

export const positionsList = defineOperation({
  name: "positions.list",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({
    account_id: inputAccountId,
    feed: z
      .enum(["auto", "realtime", "settled"])
      .default("auto")
      .describe("auto: realtime first; settled: the slower list with more contract detail"),
    ...inputPage,
  }),
  output: z.strictObject({
    account_id: AccountId,
    positions: z.array(Position),
    /** Which of the broker's two lists this is. */
    feed: z.enum(["realtime", "settled"]),
    /** False when the broker's answer was empty or partial and could not be confirmed by a second read. */
    proved: z.boolean(),
    /** True when the broker's money and position pictures disagree, as they do for seconds after a fill. */
    settling: z.boolean(),
    page,
    ...provenance,
  }),
  deadlineMs: 15_000,
});
