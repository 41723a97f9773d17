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
