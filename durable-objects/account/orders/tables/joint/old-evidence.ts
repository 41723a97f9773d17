// Reads audit_log for the orders that ended in a range, and deletes from order_evidence.

/** Drops the evidence of orders whose end stands in a range of the log; how many. */
export function dropEvidenceBetween(sql: SqlStorage, afterSeq: number, throughSeq: number): number {
  return sql
    .exec(
      `DELETE FROM order_evidence WHERE coid IN (
         SELECT event ->> '$.meta.coid' FROM audit_log
         WHERE seq > ?1 AND seq <= ?2
           AND event ->> '$.type' IN ('order.settled', 'order.amended'))
         AND seq <= ?2 RETURNING 1`,
      afterSeq,
      throughSeq,
    )
    .toArray().length;
}
