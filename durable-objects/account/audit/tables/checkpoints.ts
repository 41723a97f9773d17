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

/** The heads that are kept for good and end inside a range of sizes, its beginning left out. */
export function headsBetween(
  sql: SqlStorage,
  afterSize: number,
  upToSize: number,
): { size: number; note: string }[] {
  return sql
    .exec<{ size: number; note: string }>(
      "SELECT size, note FROM audit_checkpoints WHERE size > ? AND size <= ? ORDER BY size",
      afterSize,
      upToSize,
    )
    .toArray();
}
