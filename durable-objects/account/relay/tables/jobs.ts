/** Writes for the PC, and the ends of those that have one; what stands in a record is the relay's. */
export interface StoredJob {
  /** JSON: the job while it is open, its settlement afterwards. */
  record: string;
  /** Unix milliseconds; null while its end is not known. */
  settledAt: number | null;
}

/** Null where the write was never put on the wire: its row is stored before its frame can leave. */
export function findJob(sql: SqlStorage, jobId: string): StoredJob | null {
  const [row] = sql
    .exec<{ record: string; settled_at: number | null }>(
      "SELECT record, settled_at FROM relay_jobs WHERE job_id = ?",
      jobId,
    )
    .toArray();
  return row === undefined ? null : { record: row.record, settledAt: row.settled_at };
}

/** The records of the jobs whose end is not known. */
export function openJobs(sql: SqlStorage): string[] {
  return sql
    .exec<{ record: string }>("SELECT record FROM relay_jobs WHERE settled_at IS NULL")
    .toArray()
    .map(({ record }) => record);
}

export function storeJob(sql: SqlStorage, jobId: string, record: string): void {
  sql.exec(
    `INSERT INTO relay_jobs (job_id, record, settled_at) VALUES (?, ?, NULL)
     ON CONFLICT (job_id) DO UPDATE SET record = excluded.record`,
    jobId,
    record,
  );
}

export function storeSettlement(
  sql: SqlStorage,
  jobId: string,
  record: string,
  nowMs: number,
): void {
  sql.exec(
    "UPDATE relay_jobs SET record = ?, settled_at = ? WHERE job_id = ?",
    record,
    nowMs,
    jobId,
  );
}

/** Deletes what was settled before a moment, but for the jobs that are still waited for. */
export function deleteSettledJobs(
  sql: SqlStorage,
  beforeMs: number,
  kept: readonly string[],
): void {
  sql.exec(
    `DELETE FROM relay_jobs WHERE settled_at IS NOT NULL AND settled_at < ?
       AND job_id NOT IN (SELECT value FROM json_each(?))`,
    beforeMs,
    JSON.stringify(kept),
  );
}
