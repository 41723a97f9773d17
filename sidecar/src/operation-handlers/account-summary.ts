import { accountSummary } from "@ibkr-edge-gateway/protocol/operation-schemas/account-summary.ts";
import { portfolioSummary } from "../client-portal/endpoints/balances.ts";
import { wire } from "../client-portal/readers.ts";
import { provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";
import { resolveAccount } from "./resolve-account.ts";
import { money, ratio } from "./summary-figures.ts";

export const serveAccountSummary = serve(accountSummary, async (context, input) => {
  const { accountId, baseCurrency } = await resolveAccount(context, input.account_id);
  const answer = await context.ask(portfolioSummary(accountId));
  const figure = (key: string) => money(answer.value, key);
  return {
    account_id: accountId,
    base_currency: baseCurrency,
    net_liquidation: figure("netliquidation"),
    total_cash: figure("totalcashvalue"),
    settled_cash: figure("settledcash"),
    accrued_cash: figure("accruedcash"),
    available_funds: figure("availablefunds"),
    excess_liquidity: figure("excessliquidity"),
    buying_power: figure("buyingpower"),
    equity_with_loan: figure("equitywithloanvalue"),
    gross_position_value: figure("grosspositionvalue"),
    initial_margin: figure("initmarginreq"),
    maintenance_margin: figure("maintmarginreq"),
    sma: figure("sma"),
    cushion: wire.figure.parse(ratio(answer.value, "cushion")),
    leverage: wire.figure.parse(
      ratio(answer.value, "leverage-s") ?? ratio(answer.value, "leverage"),
    ),
    ...provenance(
      context,
      [answer],
      answer.proved ? [] : ["The broker's summary was incomplete; missing figures are unknown."],
    ),
  };
});
