import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import { AccountId, Currency, DecimalText, inputAccountId, provenance } from "./field-types.ts";

const figure = DecimalText.nullable();

/** The broker's own partition of profit and loss: the account's core, and each model in it. */
export const pnlPartitioned = defineOperation({
  name: "pnl.partitioned",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({ account_id: inputAccountId }),
  output: z.strictObject({
    account_id: AccountId,
    /** Of all figures; null when the base currency is not known. */
    currency: Currency.nullable(),
    partitions: z.array(
      z.strictObject({
        /** `Core`, or the name of a model. */
        partition: z.string().max(100),
        daily_pnl: figure,
        unrealized_pnl: figure,
        net_liquidation: figure,
        market_value: figure,
        excess_liquidity: figure,
      }),
    ),
    proved: z.boolean(),
    ...provenance,
  }),
  deadlineMs: 20_000,
});
