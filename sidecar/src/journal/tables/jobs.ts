import type { DatabaseSync } from "node:sqlite";

export interface JobRow {
  jobId: string;
  digest: string;
  brokerAccount: string | null;
  state: "accepted" | "started" | "done";
  /** Of the event that told its end; null before. */
  seq: number | null;
}

export interface JobsTable {
  /** `submit` is JSON. Throws when the job is there already. */
  insertAccepted(row: Omit<JobRow, "state" | "seq"> & { submit: string }): void;
  markStarted(jobId: string): void;
  /** `terminal` is JSON. */
  markDone(jobId: string, end: { seq: number; type: string; terminal: string }): void;
  /** Of a copy: what was not begun here may have been begun by the other. */
  markAllStarted(): void;
  remove(jobId: string): void;
  all(): JobRow[];
  /** How a job ended; null while it has not. */
  terminal(jobId: string): { seq: number; type: string; terminal: string } | null;
  /** The newest of the ended jobs whose end was told up to `seq`. */
  newestDoneThrough(seq: number): string | null;
  removeDoneThrough(seq: number): void;
  /** The events got new numbers. */
  lowerSeqs(by: number): void;
}

export function jobsTable(db: DatabaseSync): JobsTable {
  const insert = db.prepare(
    "INSERT INTO jobs (job_id, digest, broker_account, submit, state) VALUES (?, ?, ?, ?, 'accepted')",
  );
  const start = db.prepare("UPDATE jobs SET state = 'started' WHERE job_id = ?");
  const end = db.prepare(
    "UPDATE jobs SET state = 'done', seq = ?, terminal_type = ?, terminal = ? WHERE job_id = ?",
  );
  const remove = db.prepare("DELETE FROM jobs WHERE job_id = ?");
  const all = db.prepare("SELECT job_id, digest, broker_account, state, seq FROM jobs");
  const terminal = db.prepare(
    "SELECT seq, terminal_type, terminal FROM jobs WHERE job_id = ? AND state = 'done'",
  );
  return {
    insertAccepted: ({ jobId, digest, brokerAccount, submit }) =>
      void insert.run(jobId, digest, brokerAccount, submit),
    markStarted: (jobId) => void start.run(jobId),
    markDone: (jobId, told) => void end.run(told.seq, told.type, told.terminal, jobId),
    markAllStarted: () =>
      void db.prepare("UPDATE jobs SET state = 'started' WHERE state = 'accepted'").run(),
    remove: (jobId) => void remove.run(jobId),
    all: () => all.all().map(jobOf),
    terminal(jobId) {
      const row = terminal.get(jobId);
      if (row === undefined || row.terminal === null) return null;
      return {
        seq: Number(row.seq),
        type: String(row.terminal_type),
        terminal: String(row.terminal),
      };
    },
    newestDoneThrough(seq) {
      const row = db
        .prepare("SELECT MAX(job_id) AS id FROM jobs WHERE state = 'done' AND seq <= ?")
        .get(seq);
      return typeof row?.id === "string" ? row.id : null;
    },
    removeDoneThrough: (seq) =>
      void db.prepare("DELETE FROM jobs WHERE state = 'done' AND seq <= ?").run(seq),
    lowerSeqs: (by) =>
      void db.prepare("UPDATE jobs SET seq = seq - ? WHERE seq IS NOT NULL").run(by),
  };
}

function jobOf(row: Record<string, unknown>): JobRow {
  const { state } = row;
  return {
    jobId: String(row.job_id),
    digest: String(row.digest),
    brokerAccount: row.broker_account === null ? null : String(row.broker_account),
    state: state === "done" || state === "started" ? state : "accepted",
    seq: row.seq === null ? null : Number(row.seq),
  };
}
