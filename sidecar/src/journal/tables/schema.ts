/**
 * `jobs` are writes from acceptance to long after their end; `events` are what the edge has not
 * acknowledged. A commit is on the disk before it returns (`synchronous = FULL`); a torn last write
 * is a write-ahead record that does not check out, and is as if it had never been begun.
 */
export const JOURNAL_SCHEMA = `
CREATE TABLE IF NOT EXISTS meta (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS jobs (
  job_id TEXT PRIMARY KEY,
  digest TEXT NOT NULL,
  broker_account TEXT,
  submit TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('accepted', 'started', 'done')),
  seq INTEGER,
  terminal_type TEXT,
  terminal TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
  seq INTEGER PRIMARY KEY,
  type TEXT NOT NULL,
  payload TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  job_id TEXT
) STRICT;
`;

/** Disk space in pages of 4 KiB; beyond it a commit fails as on a full disk. */
export const JOURNAL_MAX_PAGES = 32_768;
