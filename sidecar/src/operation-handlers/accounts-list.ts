import { counted } from "@ibkr-edge-gateway/protocol/counted-words.ts";
import { accountsList } from "@ibkr-edge-gateway/protocol/operation-schemas/accounts-list.ts";
import { label } from "../client-portal/broker-text.ts";
import {
  accountIdOf,
  brokerageAccounts,
  portfolioAccounts,
} from "../client-portal/endpoints/accounts.ts";
import { provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";

export const serveAccountsList = serve(accountsList, async (context) => {
  const portfolio = await context.ask(portfolioAccounts);
  const session = context.session();
  const brokerage = session.state === "ready" ? await context.ask(brokerageAccounts) : null;
  const accounts = portfolio.value.flatMap((account) => {
    const id = accountIdOf(account);
    if (id === null) return [];
    const alias = label(account.accountAlias ?? brokerage?.value.aliases?.[id], 100);
    return [
      {
        account_id: id,
        alias: alias === id ? null : alias,
        mode: session.mode,
        base_currency: account.currency,
        customer_type: label(account.acctCustType, 40),
        trading_type: label(account.tradingType, 40),
        tradable:
          brokerage === null
            ? null
            : brokerage.value.accounts.includes(id) && account.noClientTrading !== true,
      },
    ];
  });
  const unreadable = portfolio.value.length - accounts.length;
  return {
    accounts,
    ...provenance(
      context,
      brokerage === null ? [portfolio] : [portfolio, brokerage],
      unreadable > 0 ? [`${counted(unreadable, "account")} of the login could not be read.`] : [],
    ),
  };
});
