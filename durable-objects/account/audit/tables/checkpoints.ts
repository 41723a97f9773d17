/** Keeps a head for good, beside the newest one. */
export function keepHead(
  sql: SqlStorage,
  head: { size: number; note: string; signedAt: number },
): void {
  sql.exec(
    "INSERT OR IGNORE INTO audit_checkpoints (size, note, signed_at) VALUES (?, ?, ?)",
    head.size,
    head.note,
    head.signedAt,
  );
}
