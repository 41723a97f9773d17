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

const figure = Money.nullable();

export const accountSummary = defineOperation({
  name: "account.summary",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({ account_id: inputAccountId }),
  output: z.strictObject({
    account_id: AccountId,
    base_currency: Currency.nullable(),
    net_liquidation: figure,
    total_cash: figure,
    settled_cash: figure,
    accrued_cash: figure,
    available_funds: figure,
    excess_liquidity: figure,
    buying_power: figure,
    equity_with_loan: figure,
    gross_position_value: figure,
    initial_margin: figure,
    maintenance_margin: figure,
    sma: figure,
    /** Fractions, no currency: 0.95 is 95 %. */
    cushion: DecimalText.nullable(),
    leverage: DecimalText.nullable(),
    ...provenance,
  }),
  deadlineMs: 15_000,
});
