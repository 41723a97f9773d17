import type { Money } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import { portfolioSnapshot } from "@ibkr-edge-gateway/protocol/operation-schemas/portfolio-snapshot.ts";
import type { Position } from "@ibkr-edge-gateway/protocol/operation-schemas/positions-list.ts";
import { Decimal } from "decimal.js";
import { portfolioLedger, portfolioSummary } from "../client-portal/endpoints/balances.ts";
import { provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";
import { readPositions } from "./position-rows.ts";
import { looksUnsettled, SETTLING_NOTE } from "./positions-settling.ts";
import { resolveAccount } from "./resolve-account.ts";
import { money } from "./summary-figures.ts";

export const servePortfolioSnapshot = serve(portfolioSnapshot, async (context, input) => {
  const { accountId, baseCurrency } = await resolveAccount(context, input.account_id);
  const [summary, ledger, read] = await Promise.all([
    context.ask(portfolioSummary(accountId)),
    context.ask(portfolioLedger(accountId)),
    readPositions(context, accountId, "auto"),
  ]);
  const base = ledger.value.get("BASE");
  const inBase = (amount: string | null | undefined): Money | null =>
    amount && baseCurrency !== null ? { amount, currency: baseCurrency } : null;
  const settling = looksUnsettled(ledger.value, read.positions);
  const notes = [...read.notes];
  if (settling) notes.push(SETTLING_NOTE);
  return {
    account_id: accountId,
    base_currency: baseCurrency,
    net_liquidation: money(summary.value, "netliquidation"),
    total_cash: money(summary.value, "totalcashvalue"),
    buying_power: money(summary.value, "buyingpower"),
    available_funds: money(summary.value, "availablefunds"),
    maintenance_margin: money(summary.value, "maintmarginreq"),
    unrealized_pnl: inBase(base?.unrealizedpnl),
    realized_pnl: inBase(base?.realizedpnl),
    cash: [...ledger.value]
      .filter(([currency]) => currency !== "BASE" && currency.length === 3)
      .map(([currency, line]) => ({
        currency,
        cash: line.cashbalance,
        settled_cash: line.settledcash,
        net_liquidation: line.netliquidationvalue,
        exchange_rate: line.exchangerate,
      })),
    positions: read.positions.toSorted(byValue).slice(0, input.top),
    positions_total: read.positions.length,
    proved: read.proved && summary.proved && ledger.proved,
    settling,
    ...provenance(context, [summary, ledger, ...read.parts], notes),
  };
});

/** Largest first, by magnitude; what has no value comes last. Values of different currencies are not converted. */
function byValue(a: Position, b: Position): number {
  if (a.market_value === null) return b.market_value === null ? 0 : 1;
  if (b.market_value === null) return -1;
  return new Decimal(b.market_value).abs().comparedTo(new Decimal(a.market_value).abs());
}
