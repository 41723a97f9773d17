/** Which key of which client stands for which order. A key is used once and never changed. */
export interface UsedKey {
  /** Of what the client said when it used the key. */
  digest: string;
  coid: string;
}

/** From now on the key stands for this order and for nothing else. */
export function keepKey(
  sql: SqlStorage,
  clientId: string,
  request: { key: string; digest: string },
  coid: string,
  nowMs: number,
): void {
  sql.exec(
    `INSERT INTO order_keys (client_id, idempotency_key, digest, coid, used_at) VALUES (?, ?, ?, ?, ?)`,
    clientId,
    request.key,
    request.digest,
    coid,
    nowMs,
  );
}

export function deleteKey(sql: SqlStorage, clientId: string, key: string): void {
  sql.exec("DELETE FROM order_keys WHERE client_id = ? AND idempotency_key = ?", clientId, key);
}

/** What a client's key stands for; null when it is new. */
export function findKey(sql: SqlStorage, clientId: string, key: string): UsedKey | null {
  const [row] = sql
    .exec<{ digest: string; coid: string }>(
      "SELECT digest, coid FROM order_keys WHERE client_id = ? AND idempotency_key = ?",
      clientId,
      key,
    )
    .toArray();
  return row ?? null;
}

/** What a client's keys that begin so have stood for since a moment, as cOIDs. */
export function coidsUnderKeys(
  sql: SqlStorage,
  clientId: string,
  prefix: string,
  sinceMs: number,
): string[] {
  return sql
    .exec<{ coid: string }>(
      `SELECT coid FROM order_keys
       WHERE client_id = ? AND idempotency_key >= ? AND idempotency_key < ? AND used_at >= ?`,
      clientId,
      prefix,
      `${prefix}\u{10ffff}`,
      sinceMs,
    )
    .toArray()
    .map(({ coid }) => coid);
}
