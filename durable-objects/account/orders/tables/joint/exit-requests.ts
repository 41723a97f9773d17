/** Joins `order_approvals` and `order_previews`. */

/** Whether a client asked for an exit of this contract since a moment; under a mandate nobody is asked. */
export function exitAskedSince(
  sql: SqlStorage,
  asked: { clientId: string; brokerAccount: string; conid: number },
  sinceMs: number,
): boolean {
  return (
    sql
      .exec(
        `SELECT 1 FROM order_approvals AS asked
           JOIN order_previews AS seen ON seen.preview_id = asked.preview_id
         WHERE asked.client_id = ? AND asked.broker_account = ? AND asked.created_at > ?
           AND asked.mandate_id IS NULL
           AND json_extract(seen.facts, '$.effect.kind') = 'exit'
           AND EXISTS (SELECT 1 FROM json_each(seen.ticket, '$.order.legs') AS leg
                       WHERE json_extract(leg.value, '$.contract.conid') = ?)
         LIMIT 1`,
        asked.clientId,
        asked.brokerAccount,
        sinceMs,
        asked.conid,
      )
      .toArray().length > 0
  );
}
