import type { DatabaseSync } from "node:sqlite";

/**
 * Over order_ids and intents: a number goes with its intent. An earlier version left them; what it
 * left goes when the program starts, a part at a time. True when nothing is left.
 */
export function deleteIdsWithoutIntent(db: DatabaseSync, limit: number): boolean {
  const { changes } = db
    .prepare(
      `DELETE FROM order_ids WHERE order_id IN (
         SELECT o.order_id FROM order_ids o
         WHERE NOT EXISTS (SELECT 1 FROM intents i WHERE i.coid = o.coid) LIMIT ?)`,
    )
    .run(limit);
  return Number(changes) < limit;
}
