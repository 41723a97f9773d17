import { accountLedger } from "@ibkr-edge-gateway/protocol/operation-schemas/account-ledger.ts";
import { Decimal } from "decimal.js";
import { isoTime } from "../client-portal/clock.ts";
import { type LedgerLine, portfolioLedger } from "../client-portal/endpoints/balances.ts";
import { provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";
import { resolveAccount } from "./resolve-account.ts";

export const serveAccountLedger = serve(accountLedger, async (context, input) => {
  const { accountId, baseCurrency } = await resolveAccount(context, input.account_id);
  const ledger = await context.ask(portfolioLedger(accountId));
  const base = ledger.value.get("BASE");
  return {
    account_id: accountId,
    base_currency: baseCurrency,
    base: base === undefined || baseCurrency === null ? null : entry(baseCurrency, base),
    currencies: [...ledger.value]
      .filter(([currency]) => currency.length === 3)
      .map(([currency, line]) => entry(currency, line)),
    proved: ledger.proved,
    ...provenance(
      context,
      [ledger],
      ledger.proved ? [] : ["The broker's ledger was empty and could not be confirmed."],
    ),
  };
});

function entry(currency: string, line: LedgerLine) {
  return {
    currency,
    cash: line.cashbalance,
    settled_cash: line.settledcash,
    net_liquidation: line.netliquidationvalue,
    stock_value: line.stockmarketvalue,
    option_value: line.stockoptionmarketvalue,
    future_value: line.futuremarketvalue,
    future_option_value: line.futureoptionmarketvalue,
    bond_value: sum([
      line.tbondsmarketvalue,
      line.tbillsmarketvalue,
      line.corporatebondsmarketvalue,
    ]),
    fund_value: sum([line.funds, line.moneyfunds]),
    crypto_value: line.cryptocurrencyvalue,
    interest: line.interest,
    dividends: line.dividends,
    unrealized_pnl: line.unrealizedpnl,
    realized_pnl: line.realizedpnl,
    exchange_rate: line.exchangerate,
    updated_at: line.timestamp === null ? null : isoTime(line.timestamp),
  };
}

/** Null as soon as one part is unknown: a sum of what is known would pass for the whole. */
function sum(parts: readonly (string | null)[]): string | null {
  let total = new Decimal(0);
  for (const part of parts) {
    if (part === null) return null;
    total = total.plus(part);
  }
  return total.toFixed();
}
