import { killBlocks } from "@ibkr-edge-gateway/policy/kill-table.ts";
import { killsCovering } from "../../facts/kills-covering.ts";
import { findIntent } from "../../tables/intents/rows.ts";
import { isUnderEndedMandate } from "../../tables/joint/mandate-orders.ts";
import { killEpoch } from "../../tables/kill-epoch.ts";

/**
 * Asked once more right before the job's frame leaves, after any wait: an order that was let out
 * and is now covered by a switch, or whose mandate was revoked, does not leave. The caller then
 * settles it as never delivered.
 */
export function mayStillLeave(sql: SqlStorage, coid: string, epoch: number): boolean {
  if (isUnderEndedMandate(sql, coid)) return false;
  if (killEpoch(sql) === epoch) return true;
  const intent = findIntent(sql, coid);
  if (intent === null) return false;
  const covering = killsCovering(sql, {
    brokerAccountId: intent.broker_account,
    clientId: intent.client_id,
  });
  return covering.length === 0 || !killBlocks(intent.action, intent.effect);
}
