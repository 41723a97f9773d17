/**
 * What a PC said and signed about passkeys that became approvers at it: the gateway knows these from
 * nowhere else. One row for each passkey; a PC that enrols the same one anew says so anew.
 */
export const PC_APPROVERS_SCHEMA = `
CREATE TABLE order_pc_approvers (
  credential_id TEXT PRIMARY KEY,
  pc_key TEXT NOT NULL,
  statement TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;

export type PcApproverRow = {
  credential_id: string;
  /** The PC's statement key, base64url. */
  pc_key: string;
  /** JSON of body and signature. */
  statement: string;
};

export function pcApprover(sql: SqlStorage, credentialId: string): PcApproverRow | null {
  const [row] = sql
    .exec<PcApproverRow>(
      "SELECT credential_id, pc_key, statement FROM order_pc_approvers WHERE credential_id = ?",
      credentialId,
    )
    .toArray();
  return row ?? null;
}

/** Writes nothing where it is known. */
export function keepPcApprover(sql: SqlStorage, row: PcApproverRow): void {
  const before = pcApprover(sql, row.credential_id);
  if (before?.statement === row.statement && before.pc_key === row.pc_key) return;
  sql.exec(
    "INSERT OR REPLACE INTO order_pc_approvers (credential_id, pc_key, statement) VALUES (?, ?, ?)",
    row.credential_id,
    row.pc_key,
    row.statement,
  );
}
