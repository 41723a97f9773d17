import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { transactionsList } from "@ibkr-edge-gateway/protocol/operation-schemas/transactions-list.ts";
import { label } from "../client-portal/broker-text.ts";
import { transactionsOf } from "../client-portal/endpoints/analyst.ts";
import { pageOf, provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";
import { resolveAccount } from "./resolve-account.ts";

export const serveTransactionsList = serve(transactionsList, async (context, input) => {
  const { accountId, baseCurrency } = await resolveAccount(context, input.account_id);
  if (baseCurrency === null) {
    throw new GatewayError(
      failure("BROKER_RESPONSE_INVALID", "The broker does not say the account's base currency."),
    );
  }
  const answer = await context.ask(
    transactionsOf({ accountId, conid: input.conid, currency: baseCurrency, days: input.days }),
  );
  const rows = answer.value.transactions
    .filter((row) => row.acctid === null || row.acctid === accountId)
    .map((row) => ({
      day: row.rawDate,
      kind: label(row.type, 60),
      description: label(row.desc, 200),
      quantity: row.qty,
      price: row.pr,
      amount: row.amt,
      currency: row.cur,
      exchange_rate: row.fxRate,
    }))
    .toSorted((a, b) => (b.day ?? "").localeCompare(a.day ?? ""));
  const { rows: shown, page } = pageOf(rows, input);
  const realized = answer.value.rpnl?.amt ?? null;
  const currency = answer.value.currency ?? baseCurrency;
  return {
    account_id: accountId,
    conid: input.conid,
    transactions: shown,
    realized_pnl: realized === null ? null : { amount: realized, currency },
    page,
    ...provenance(context, [answer], ["Trades of today are not in it yet."]),
  };
});
