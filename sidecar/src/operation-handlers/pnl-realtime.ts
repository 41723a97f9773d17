import { pnlRealtime } from "@ibkr-edge-gateway/protocol/operation-schemas/pnl-realtime.ts";
import type { Position } from "@ibkr-edge-gateway/protocol/operation-schemas/positions-list.ts";
import { Decimal } from "decimal.js";
import { portfolioLedger } from "../client-portal/endpoints/balances.ts";
import { NO_PNL_NOTE, readAccountPnl } from "./account-pnl.ts";
import { pageOf, provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";
import { readPositions } from "./position-rows.ts";
import { looksUnsettled, SETTLING_NOTE } from "./positions-settling.ts";
import { resolveAccount } from "./resolve-account.ts";

export const servePnlRealtime = serve(pnlRealtime, async (context, input) => {
  const { accountId, baseCurrency } = await resolveAccount(context, input.account_id);
  const [read, ledger, pnl] = await Promise.all([
    readPositions(context, accountId, "auto"),
    context.ask(portfolioLedger(accountId)),
    // The holdings stand by themselves where the account's own figures are not to be had.
    readAccountPnl(context, accountId).catch(() => null),
  ]);
  const core = pnl?.partitions.get("Core");
  const settling = looksUnsettled(ledger.value, read.positions);
  const notes = [...read.notes];
  if (settling) notes.push(SETTLING_NOTE);
  if (core === undefined) notes.push(NO_PNL_NOTE);
  const inBase = (amount: string | null | undefined) =>
    amount && baseCurrency !== null ? { amount, currency: baseCurrency } : null;
  const { rows, page } = pageOf(
    read.positions.toSorted((a, b) => a.conid - b.conid),
    input,
  );
  return {
    account_id: accountId,
    rows: rows.map((position) => ({
      conid: position.conid,
      symbol: position.symbol,
      currency: position.currency,
      quantity: position.quantity,
      market_value: position.market_value,
      unrealized: position.unrealized_pnl,
      realized: position.realized_pnl,
    })),
    totals: totalsOf(read.positions),
    daily: inBase(core?.dpl),
    unrealized: inBase(core?.upl),
    proved: read.proved,
    settling,
    page,
    ...provenance(context, [...read.parts, ledger, ...(pnl === null ? [] : [pnl])], notes),
  };
});

/** Sums by currency; one unknown part makes its sum unknown. */
function totalsOf(positions: readonly Position[]) {
  const currencies = [...new Set(positions.flatMap((position) => position.currency ?? []))].sort();
  return currencies.map((currency) => {
    const own = positions.filter((position) => position.currency === currency);
    return {
      currency,
      unrealized: sum(own.map((position) => position.unrealized_pnl)),
      realized: sum(own.map((position) => position.realized_pnl)),
    };
  });
}

function sum(parts: readonly (string | null)[]): string | null {
  let total = new Decimal(0);
  for (const part of parts) {
    if (part === null) return null;
    total = total.plus(part);
  }
  return total.toFixed();
}
