/** A grant belongs to a client; once revoked it stays so. */

export function insertGrant(
  sql: SqlStorage,
  grant: { grantId: string; clientId: string },
  nowMs: number,
): void {
  sql.exec(
    "INSERT INTO grants (grant_id, client_id, admitted_at, state) VALUES (?, ?, ?, 'active')",
    grant.grantId,
    grant.clientId,
    nowMs,
  );
}

export function revokeGrantsOf(sql: SqlStorage, clientId: string): void {
  sql.exec("UPDATE grants SET state = 'revoked' WHERE client_id = ?", clientId);
}

export function revokeAllGrants(sql: SqlStorage): void {
  sql.exec("UPDATE grants SET state = 'revoked'");
}

/** Revokes one grant; the client it belonged to, or null when it was not active. */
export function revokeGrant(sql: SqlStorage, grantId: string): string | null {
  const [row] = sql
    .exec<{ client_id: string }>(
      "UPDATE grants SET state = 'revoked' WHERE grant_id = ? AND state = 'active' RETURNING client_id",
      grantId,
    )
    .toArray();
  return row?.client_id ?? null;
}

/** Ends a client's other grants; how many. */
export function revokeOtherGrants(sql: SqlStorage, clientId: string, grantId: string): number {
  return sql
    .exec(
      `UPDATE grants SET state = 'revoked'
       WHERE client_id = ? AND grant_id <> ? AND state = 'active' RETURNING 1`,
      clientId,
      grantId,
    )
    .toArray().length;
}

/** A client's that are active, the latest first. */
export function activeGrantsOf(
  sql: SqlStorage,
  clientId: string,
): { grantId: string; admittedAt: number }[] {
  return sql
    .exec<{ grant_id: string; admitted_at: number }>(
      `SELECT grant_id, admitted_at FROM grants WHERE client_id = ? AND state = 'active'
       ORDER BY admitted_at DESC, grant_id`,
      clientId,
    )
    .toArray()
    .map((row) => ({ grantId: row.grant_id, admittedAt: row.admitted_at }));
}

/** Forgets grants that ended and were made before a moment; no token of one works without its row. */
export function deleteEndedGrants(sql: SqlStorage, madeBeforeMs: number, limit: number): void {
  sql.exec(
    `DELETE FROM grants WHERE grant_id IN (
       SELECT grant_id FROM grants WHERE state = 'revoked' AND admitted_at < ? LIMIT ?)`,
    madeBeforeMs,
    limit,
  );
}
