import { pnlPartitioned } from "@ibkr-edge-gateway/protocol/operation-schemas/pnl-partitioned.ts";
import { NO_PNL_NOTE, readAccountPnl } from "./account-pnl.ts";
import { provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";
import { resolveAccount } from "./resolve-account.ts";

export const servePnlPartitioned = serve(pnlPartitioned, async (context, input) => {
  const { accountId, baseCurrency } = await resolveAccount(context, input.account_id);
  const pnl = await readAccountPnl(context, accountId);
  return {
    account_id: accountId,
    currency: baseCurrency,
    partitions: [...pnl.partitions].map(([partition, row]) => ({
      partition: partition.slice(0, 100),
      daily_pnl: row.dpl,
      unrealized_pnl: row.upl,
      net_liquidation: row.nl,
      market_value: row.mv,
      excess_liquidity: row.el ?? row.uel,
    })),
    // An account always has its core; without it the service was cold.
    proved: pnl.proved && pnl.partitions.size > 0,
    ...provenance(context, [pnl], pnl.partitions.size === 0 ? [NO_PNL_NOTE] : []),
  };
});
