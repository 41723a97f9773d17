import type { KillScope } from "@ibkr-edge-gateway/policy/kill-table.ts";
import type { TradingState } from "@ibkr-edge-gateway/policy/trading-state.ts";

/** What a loss last asked for, and for which trading day; null when nothing ever did. */
export function storedTradingState(
  sql: SqlStorage,
  brokerAccount: string,
): { state: string; day: string; until_owner: number } | null {
  const [row] = sql
    .exec<{ state: string; day: string; until_owner: number }>(
      "SELECT state, day, until_owner FROM order_trading_state WHERE broker_account = ?",
      brokerAccount,
    )
    .toArray();
  return row ?? null;
}

/** What waits for the owner goes on waiting. */
export function storeTradingState(
  sql: SqlStorage,
  brokerAccount: string,
  asked: { state: TradingState; day: string; untilOwner: boolean },
): void {
  sql.exec(
    `INSERT INTO order_trading_state (broker_account, state, day, until_owner) VALUES (?, ?, ?, ?)
     ON CONFLICT (broker_account) DO UPDATE SET state = excluded.state, day = excluded.day,
       until_owner = MAX(until_owner, excluded.until_owner)`,
    brokerAccount,
    asked.state,
    asked.day,
    asked.untilOwner ? 1 : 0,
  );
}

/** Deletes what waits for the owner, of one account or of all. */
export function endWaitingForOwner(
  sql: SqlStorage,
  covers: { scope: KillScope; subject: string },
): void {
  sql.exec(
    `DELETE FROM order_trading_state
     WHERE until_owner = 1 AND (? = 'gateway' OR (? = 'broker_account' AND broker_account = ?))`,
    covers.scope,
    covers.scope,
    covers.subject,
  );
}
