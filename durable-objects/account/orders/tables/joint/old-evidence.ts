// Reads audit_log for the orders that ended in a range, deletes from order_evidence, and empties those
// orders' rows of order_pc_statements.

/**
 * Drops the evidence of orders whose end stands in a range of the log, with what the PC stated of them;
 * how many orders. The row of an order's statements stays, without a word of them: what was told once
 * of it (`gone`) is not told again.
 */
export function dropEvidenceBetween(sql: SqlStorage, afterSeq: number, throughSeq: number): number {
  const dropped = sql
    .exec<{ coid: string }>(
      `DELETE FROM order_evidence WHERE coid IN (
         SELECT event ->> '$.meta.coid' FROM audit_log
         WHERE seq > ?1 AND seq <= ?2
           AND event ->> '$.type' IN ('order.settled', 'order.amended'))
         AND seq <= ?2 RETURNING coid`,
      afterSeq,
      throughSeq,
    )
    .toArray();
  for (const { coid } of dropped) {
    sql.exec("UPDATE order_pc_statements SET sent = NULL, result = NULL WHERE coid = ?", coid);
  }
  return dropped.length;
}
