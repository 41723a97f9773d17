/**
 * What this PC holds of the gateway's audit log: its name and key, every head that it cosigned, heads
 * that were shown in between and are still to be proved, and what its owner accepted. A line begins
 * with the first head, and anew with each that the owner accepts; older lines stay as they were.
 */
export const WITNESSED_LOG_SCHEMA = `
CREATE TABLE IF NOT EXISTS witnessed_log (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  line INTEGER NOT NULL,
  origin TEXT NOT NULL,
  vkey TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('whole', 'rolled_back', 'forked', 'another_log')),
  since INTEGER NOT NULL,
  shown_note TEXT,
  shown_vkey TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS witnessed_heads (
  line INTEGER NOT NULL,
  size INTEGER NOT NULL,
  root BLOB NOT NULL,
  note TEXT NOT NULL,
  cosigned_at INTEGER NOT NULL,
  PRIMARY KEY (line, size)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS owed_heads (
  line INTEGER NOT NULL,
  size INTEGER NOT NULL,
  root BLOB NOT NULL,
  note TEXT NOT NULL,
  shown_at INTEGER NOT NULL,
  PRIMARY KEY (line, size)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS accepted_lines (
  line INTEGER PRIMARY KEY,
  state TEXT NOT NULL,
  held_note TEXT NOT NULL,
  shown_note TEXT,
  accepted_at INTEGER NOT NULL
) STRICT;
`;
