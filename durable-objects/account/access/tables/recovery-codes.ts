/** Codes that a PC shows to an owner who lost every passkey, by their SHA-256. */

/** It takes the place of one that the same PC showed before. */
export function storeRecoveryCode(
  sql: SqlStorage,
  code: { hash: string; sidecarId: string; expiresAt: number },
  nowMs: number,
): void {
  sql.exec(
    "DELETE FROM recovery_codes WHERE sidecar_id = ? OR expires_at <= ?",
    code.sidecarId,
    nowMs,
  );
  sql.exec(
    "INSERT INTO recovery_codes (code_hash, sidecar_id, expires_at) VALUES (?, ?, ?)",
    code.hash,
    code.sidecarId,
    code.expiresAt,
  );
}

export function deleteRecoveryCodes(sql: SqlStorage): void {
  sql.exec("DELETE FROM recovery_codes");
}

export function deleteRecoveryCodesOf(sql: SqlStorage, sidecarId: string): void {
  sql.exec("DELETE FROM recovery_codes WHERE sidecar_id = ?", sidecarId);
}

/** Deletes those that are over; how many. */
export function deleteEndedRecoveryCodes(sql: SqlStorage, nowMs: number): number {
  return sql.exec("DELETE FROM recovery_codes WHERE expires_at <= ? RETURNING 1", nowMs).toArray()
    .length;
}
