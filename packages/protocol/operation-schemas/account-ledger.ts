import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import {
  AccountId,
  Currency,
  DecimalText,
  inputAccountId,
  provenance,
  Timestamp,
} from "./field-types.ts";

const figure = DecimalText.nullable();

/** Cash and holdings by currency. Figures of a line are in that line's currency. */
export const CashLedgerEntry = z.strictObject({
  currency: Currency,
  cash: figure,
  settled_cash: figure,
  net_liquidation: figure,
  stock_value: figure,
  option_value: figure,
  future_value: figure,
  future_option_value: figure,
  bond_value: figure,
  fund_value: figure,
  crypto_value: figure,
  interest: figure,
  dividends: figure,
  unrealized_pnl: figure,
  realized_pnl: figure,
  /** Units of base currency for one of this currency. */
  exchange_rate: figure,
  updated_at: Timestamp.nullable(),
});

export const accountLedger = defineOperation({
  name: "account.ledger",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({ account_id: inputAccountId }),
  output: z.strictObject({
    account_id: AccountId,
    base_currency: Currency.nullable(),
    /** The sum over all currencies, in base currency. */
    base: CashLedgerEntry.nullable(),
    currencies: z.array(CashLedgerEntry),
    proved: z.boolean(),
    ...provenance,
  }),
  deadlineMs: 15_000,
});
