/** Every PC that may know a mandate and has not said that it knows its end. */

/** Whether a PC that may know it has not said yet that it knows the end. */
export function isUntold(sql: SqlStorage, mandateId: string): boolean {
  return (
    sql.exec("SELECT 1 FROM order_mandate_pcs WHERE mandate_id = ? LIMIT 1", mandateId).toArray()
      .length > 0
  );
}

export function addPc(sql: SqlStorage, mandateId: string, sidecarId: string): void {
  sql.exec(
    "INSERT INTO order_mandate_pcs (mandate_id, sidecar_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
    mandateId,
    sidecarId,
  );
}

export function forgetPc(sql: SqlStorage, mandateId: string, sidecarId: string): void {
  sql.exec(
    "DELETE FROM order_mandate_pcs WHERE mandate_id = ? AND sidecar_id = ?",
    mandateId,
    sidecarId,
  );
}
