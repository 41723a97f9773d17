/** Placements of `order_intents` that were seen to stand or fill at the broker. */
export function seenAtBroker(
  sql: SqlStorage,
  brokerAccount: string,
  sinceMs: number,
): { coid: string; preview_id: string | null }[] {
  return sql
    .exec<{ coid: string; preview_id: string | null }>(
      `SELECT coid, preview_id FROM order_intents
       WHERE broker_account = ? AND created_at >= ? AND action = 'place'
         AND state IN ('working', 'partially_filled', 'filled')`,
      brokerAccount,
      sinceMs,
    )
    .toArray();
}
