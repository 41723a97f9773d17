import type { Money } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import { pnlDaily } from "@ibkr-edge-gateway/protocol/operation-schemas/pnl-daily.ts";
import { portfolioLedger } from "../client-portal/endpoints/balances.ts";
import { NO_PNL_NOTE, readAccountPnl } from "./account-pnl.ts";
import { provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";
import { resolveAccount } from "./resolve-account.ts";

export const servePnlDaily = serve(pnlDaily, async (context, input) => {
  const { accountId, baseCurrency } = await resolveAccount(context, input.account_id);
  const [pnl, ledger] = await Promise.all([
    readAccountPnl(context, accountId),
    context.ask(portfolioLedger(accountId)),
  ]);
  const core = pnl.partitions.get("Core");
  const base = ledger.value.get("BASE");
  const inBase = (amount: string | null | undefined): Money | null =>
    amount && baseCurrency !== null ? { amount, currency: baseCurrency } : null;
  return {
    account_id: accountId,
    daily: inBase(core?.dpl),
    unrealized: inBase(core?.upl ?? base?.unrealizedpnl),
    realized: inBase(base?.realizedpnl),
    net_liquidation: inBase(core?.nl ?? base?.netliquidationvalue),
    ...provenance(
      context,
      [pnl, ledger],
      [
        ...(core === undefined ? [NO_PNL_NOTE] : []),
        ...(ledger.proved ? [] : ["The broker's ledger was empty; what is missing is unknown."]),
      ],
    ),
  };
});
