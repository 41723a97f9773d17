import type { DatabaseSync } from "node:sqlite";

/** An id of the broker's belongs to the intent that it was first noted for. */
export function noteOrderId(db: DatabaseSync, orderId: string, coid: string): void {
  db.prepare(
    "INSERT INTO order_ids (order_id, coid) VALUES (?, ?) ON CONFLICT (order_id) DO NOTHING",
  ).run(orderId, coid);
}

export function coidOfOrderId(db: DatabaseSync, orderId: string): string | null {
  const row = db.prepare("SELECT coid FROM order_ids WHERE order_id = ?").get(orderId);
  return row === undefined ? null : String(row.coid);
}

/** Of an intent's orders, as JSON, whatever else stands in them. */
export function forgetOrderIds(db: DatabaseSync, coid: string, orders: string): void {
  db.prepare(
    `DELETE FROM order_ids WHERE coid = ?
       AND order_id IN (SELECT value ->> '$.order_id' FROM json_each(?))`,
  ).run(coid, orders);
}
