/** The heads that an older key of the log and the next one signed. */
export type Handover = { size: number; vkey: string; note: string };

export function keepHandover(sql: SqlStorage, handover: Handover): void {
  sql.exec(
    "INSERT OR IGNORE INTO audit_handovers (size, vkey, note) VALUES (?, ?, ?)",
    handover.size,
    handover.vkey,
    handover.note,
  );
}

/** The newest so many, oldest first. */
export function handovers(sql: SqlStorage, limit: number): Handover[] {
  return sql
    .exec<Handover>(
      "SELECT size, vkey, note FROM audit_handovers ORDER BY size DESC LIMIT ?",
      limit,
    )
    .toArray()
    .reverse();
}
