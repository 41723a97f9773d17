/** How far the log was copied to D1, in one row that the schema writes. */
export type OutboxRow = {
  shipped_seq: number;
  failures: number;
  /** Unix milliseconds. */
  not_before: number;
  last_error: string | null;
};

export function readOutbox(sql: SqlStorage): OutboxRow {
  return sql
    .exec<OutboxRow>("SELECT shipped_seq, failures, not_before, last_error FROM audit_outbox")
    .one();
}

export function noteFailure(
  sql: SqlStorage,
  failed: { failures: number; notBefore: number; error: string },
): void {
  sql.exec(
    "UPDATE audit_outbox SET failures = ?, not_before = ?, last_error = ?",
    failed.failures,
    failed.notBefore,
    failed.error,
  );
}

/** The mark only moves forward. An outage is over once the copy has caught up. */
export function noteShipped(
  sql: SqlStorage,
  shipped: { seq: number; caughtUpFromSeq: number },
): void {
  sql.exec(
    `UPDATE audit_outbox SET shipped_seq = MAX(shipped_seq, ?1),
       failures = 0, not_before = 0, last_error = NULL,
       outage_since = CASE WHEN MAX(shipped_seq, ?1) < ?2 THEN outage_since END`,
    shipped.seq,
    shipped.caughtUpFromSeq,
  );
}

/** When the outage that lasts began, in Unix milliseconds: now, where none lasts yet. */
export function outageSince(sql: SqlStorage, nowMs: number): number {
  const { since } = sql
    .exec<{ since: number | null }>("SELECT outage_since AS since FROM audit_outbox")
    .one();
  if (since !== null) return since;
  sql.exec("UPDATE audit_outbox SET outage_since = ?", nowMs);
  return nowMs;
}
