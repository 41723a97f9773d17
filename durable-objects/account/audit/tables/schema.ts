export const AUDIT_LOG_SCHEMA = `
CREATE TABLE IF NOT EXISTS audit_log (
  seq INTEGER PRIMARY KEY,
  nodes BLOB NOT NULL,
  event TEXT NOT NULL,
  appended_at INTEGER NOT NULL
) STRICT;
`;

/** The salts of an event's commitments, beside the row. */
export const AUDIT_SALTS_SCHEMA = "ALTER TABLE audit_log ADD COLUMN salts TEXT;";

export const AUDIT_OUTBOX_SCHEMA = `
CREATE TABLE IF NOT EXISTS audit_outbox (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  shipped_seq INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  not_before INTEGER NOT NULL,
  last_error TEXT
) STRICT;
INSERT OR IGNORE INTO audit_outbox VALUES (1, 0, 0, 0, NULL);
`;

/** Since when so much of the log waits that nothing new is sent; null while the copy keeps up. */
export const AUDIT_OUTAGE_SCHEMA = "ALTER TABLE audit_outbox ADD COLUMN outage_since INTEGER;";

/**
 * The signed log: what it is called, whose signature counts, and its newest head; beside it the heads
 * that are kept for good.
 */
export const AUDIT_SIGNED_SCHEMA = `
CREATE TABLE audit_signed (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  log_id TEXT NOT NULL,
  origin TEXT NOT NULL,
  vkey TEXT NOT NULL,
  listed INTEGER NOT NULL,
  size INTEGER NOT NULL,
  note TEXT,
  signed_at INTEGER NOT NULL
) STRICT;
CREATE TABLE audit_checkpoints (
  size INTEGER PRIMARY KEY,
  note TEXT NOT NULL,
  signed_at INTEGER NOT NULL
) STRICT;
`;

/**
 * The PCs that witness the log, by what each said last; and the heads with which the log went over to
 * another key, signed by both.
 */
export const AUDIT_WITNESS_SCHEMA = `
CREATE TABLE audit_witnesses (
  sidecar_id TEXT PRIMARY KEY,
  vkey TEXT,
  size INTEGER NOT NULL,
  note TEXT,
  cosigned_at INTEGER,
  state TEXT NOT NULL CHECK (state IN ('whole', 'rolled_back', 'forked', 'another_log')),
  answered_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE audit_handovers (
  size INTEGER PRIMARY KEY,
  vkey TEXT NOT NULL,
  note TEXT NOT NULL
) STRICT;
`;
