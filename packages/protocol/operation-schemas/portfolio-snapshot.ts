import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import {
  AccountId,
  Currency,
  DecimalText,
  inputAccountId,
  Money,
  provenance,
} from "./field-types.ts";
import { Position } from "./positions-list.ts";

/** The whole account on one page: worth, cash by currency, and the largest holdings. */
export const portfolioSnapshot = defineOperation({
  name: "portfolio.snapshot",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({
    account_id: inputAccountId,
    top: z.int().min(1).max(100).default(20).describe("How many of the largest positions to show"),
  }),
  output: z.strictObject({
    account_id: AccountId,
    base_currency: Currency.nullable(),
    net_liquidation: Money.nullable(),
    total_cash: Money.nullable(),
    buying_power: Money.nullable(),
    available_funds: Money.nullable(),
    maintenance_margin: Money.nullable(),
    unrealized_pnl: Money.nullable(),
    realized_pnl: Money.nullable(),
    cash: z.array(
      z.strictObject({
        currency: Currency,
        cash: DecimalText.nullable(),
        settled_cash: DecimalText.nullable(),
        net_liquidation: DecimalText.nullable(),
        /** Units of base currency for one of this currency. */
        exchange_rate: DecimalText.nullable(),
      }),
    ),
    positions: z.array(Position),
    positions_total: z.int().nonnegative(),
    proved: z.boolean(),
    settling: z.boolean(),
    ...provenance,
  }),
  deadlineMs: 20_000,
});
