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

/** The mark only moves forward. */
export function noteShipped(sql: SqlStorage, seq: number): void {
  sql.exec(
    `UPDATE audit_outbox SET shipped_seq = MAX(shipped_seq, ?),
       failures = 0, not_before = 0, last_error = NULL`,
    seq,
  );
}
