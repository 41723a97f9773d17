/** How far the events of each sidecar's journal were applied. */

/** The number of the last applied event of one journal; 0 for one never seen. */
export function cursorOf(sql: SqlStorage, sidecarId: string, journalId: string): number {
  const [row] = sql
    .exec<{ last_seq: number }>(
      "SELECT last_seq FROM event_cursors WHERE sidecar_id = ? AND journal_id = ?",
      sidecarId,
      journalId,
    )
    .toArray();
  return row?.last_seq ?? 0;
}

export function storeCursor(
  sql: SqlStorage,
  cursor: { sidecarId: string; journalId: string; seq: number },
  nowMs: number,
): void {
  sql.exec(
    `INSERT INTO event_cursors (sidecar_id, journal_id, last_seq, touched_at)
     VALUES (?, ?, ?, ?) ON CONFLICT (sidecar_id, journal_id)
     DO UPDATE SET last_seq = excluded.last_seq, touched_at = excluded.touched_at`,
    cursor.sidecarId,
    cursor.journalId,
    cursor.seq,
    nowMs,
  );
}

/** Deletes all but the latest journals of each sidecar; the one named stays, however old. */
export function deleteOldCursors(
  sql: SqlStorage,
  keptOfEach: number,
  journalId: string | null,
): void {
  sql.exec(
    `DELETE FROM event_cursors WHERE (sidecar_id, journal_id) IN (
       SELECT sidecar_id, journal_id FROM (
         SELECT sidecar_id, journal_id, ROW_NUMBER() OVER (
           PARTITION BY sidecar_id ORDER BY touched_at DESC, journal_id DESC
         ) AS place FROM event_cursors
       ) WHERE place > ?
     ) AND journal_id IS NOT ?`,
    keptOfEach,
    journalId,
  );
}
