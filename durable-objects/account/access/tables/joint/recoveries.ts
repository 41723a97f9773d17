/** Joins `recovery_codes` and `owner_settings` with `sidecars`: only a paired PC's word counts. */

/** Takes a code out, if its PC is still paired; that PC, or null. */
export function deleteRecoveryCode(
  sql: SqlStorage,
  codeHash: string,
  nowMs: number,
): string | null {
  const [taken] = sql
    .exec<{ sidecar_id: string }>(
      `DELETE FROM recovery_codes
       WHERE code_hash = ? AND expires_at > ? AND sidecar_id IN
         (SELECT sidecar_id FROM sidecars WHERE state = 'active') RETURNING sidecar_id`,
      codeHash,
      nowMs,
    )
    .toArray();
  return taken?.sidecar_id ?? null;
}

/** The paired PCs with a setting under this prefix and their id, and its value. */
export function settingsOfSidecars(
  sql: SqlStorage,
  prefix: string,
): { sidecarId: string; machine: string; value: string }[] {
  return sql
    .exec<{ sidecar_id: string; machine: string; value: string }>(
      `SELECT sidecar_id, machine, value FROM sidecars
       JOIN owner_settings ON name = ? || sidecar_id WHERE state = 'active'`,
      prefix,
    )
    .toArray()
    .map(({ sidecar_id, machine, value }) => ({ sidecarId: sidecar_id, machine, value }));
}
