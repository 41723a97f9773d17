import { accountsWithOrders, kindsOf } from "./accounts-and-asset-classes.ts";

/** What is listed of `order_intents`, and what is deleted. */

/** The newest, whatever became of them. */
export function latestIntents(sql: SqlStorage, limit: number): string[] {
  return accountsWithOrders(sql)
    .flatMap((account) => kindsOf(sql, account).map((kind) => ({ account, kind })))
    .flatMap(({ account, kind }) =>
      sql
        .exec<{ coid: string; created_at: number }>(
          `SELECT coid, created_at FROM order_intents
           WHERE broker_account = ? AND asset_class = ? ORDER BY created_at DESC LIMIT ?`,
          account,
          kind,
          limit,
        )
        .toArray(),
    )
    .sort((one, other) => other.created_at - one.created_at)
    .slice(0, limit)
    .map(({ coid }) => coid);
}

export interface EndedIntent {
  coid: string;
  createdAt: number;
  orders: number;
  outcome: string | null;
}

/** When the oldest of the latest placements of a kind that count was sent; null where there are fewer. */
function oldestOfLatest(
  sql: SqlStorage,
  of: { brokerAccount: string; assetClass: string },
  latestKept: number,
): number | null {
  if (latestKept === 0) return Number.MAX_SAFE_INTEGER;
  const [row] = sql
    .exec<{ created_at: number }>(
      `SELECT created_at FROM order_intents
       WHERE broker_account = ? AND asset_class = ? AND action = 'place' AND ledger <> 'released'
       ORDER BY created_at DESC LIMIT 1 OFFSET ?`,
      of.brokerAccount,
      of.assetClass,
      latestKept - 1,
    )
    .toArray();
  return row?.created_at ?? null;
}

/**
 * Ended before a moment, of one account and asset class, and not among the latest placements that
 * count; oldest first, at most the limit, from after the one named.
 */
export function endedIntents(
  sql: SqlStorage,
  of: { brokerAccount: string; assetClass: string },
  beforeMs: number,
  latestKept: number,
  page: { after: Pick<EndedIntent, "coid" | "createdAt"> | null; limit: number },
): EndedIntent[] {
  // Fewer than are kept: none of them goes.
  const keptFromMs = oldestOfLatest(sql, of, latestKept) ?? 0;
  return sql
    .exec<{ coid: string; created_at: number; orders: number; outcome: string | null }>(
      `SELECT coid, created_at, orders, outcome FROM order_intents
       WHERE broker_account = ?1 AND asset_class = ?2 AND created_at < ?3 AND updated_at < ?3
         AND created_at >= ?6 AND (created_at, coid) > (?6, ?7)
         AND ended_at IS NOT NULL
         AND (created_at < ?4 OR action <> 'place' OR ledger = 'released')
       ORDER BY created_at, coid LIMIT ?5`,
      of.brokerAccount,
      of.assetClass,
      beforeMs,
      keptFromMs,
      page.limit,
      page.after?.createdAt ?? 0,
      page.after?.coid ?? "",
    )
    .toArray()
    .map(({ created_at, ...row }) => ({ ...row, createdAt: created_at }));
}

export function deleteIntent(sql: SqlStorage, coid: string): void {
  sql.exec("DELETE FROM order_intents WHERE coid = ?", coid);
}
