/** What the relay keeps per account: paired sidecars, the one session, open writes, used tokens. */
export const RELAY_SCHEMA = `
CREATE TABLE sidecars (
  sidecar_id TEXT PRIMARY KEY,
  public_key TEXT NOT NULL UNIQUE,
  machine TEXT NOT NULL,
  version TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  capabilities TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'revoked')),
  paired_at INTEGER NOT NULL,
  last_seen_at INTEGER
) STRICT;

-- The one live or last session; a single row, so that one write moves it.
CREATE TABLE relay_session (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  record TEXT NOT NULL
) STRICT;

-- How far the events of each sidecar's journal were applied.
CREATE TABLE event_cursors (
  sidecar_id TEXT NOT NULL,
  journal_id TEXT NOT NULL,
  last_seq INTEGER NOT NULL,
  PRIMARY KEY (sidecar_id, journal_id)
) STRICT, WITHOUT ROWID;

-- Writes whose outcome is not settled, and the settled ones for as long as they are asked about.
CREATE TABLE relay_jobs (
  job_id TEXT PRIMARY KEY,
  record TEXT NOT NULL,
  settled_at INTEGER
) STRICT, WITHOUT ROWID;

-- Single use of the tokens that open a session; kept until they are too old to be shown again.
CREATE TABLE used_tokens (
  jti TEXT PRIMARY KEY,
  forget_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The last thing the sidecar said about the broker session.
CREATE TABLE broker_status (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  sidecar_id TEXT NOT NULL,
  status TEXT NOT NULL,
  received_at INTEGER NOT NULL
) STRICT;

CREATE TABLE pairing_tries (
  at INTEGER NOT NULL
) STRICT;
`;

/** When each journal was last heard of, so that the oldest of many can be dropped. */
export const RELAY_CURSOR_TIMES_SCHEMA = `
ALTER TABLE event_cursors ADD COLUMN touched_at INTEGER NOT NULL DEFAULT 0;
`;

/** A PC that the owner takes another one into use with; null counts as chosen when it was paired. */
export const CHOSEN_SIDECAR_SCHEMA = "ALTER TABLE sidecars ADD COLUMN chosen_at INTEGER;";

/** The writes whose end is not known, which every start of the object reads. */
export const RELAY_OPEN_JOBS_SCHEMA =
  "CREATE INDEX relay_jobs_open ON relay_jobs (job_id) WHERE settled_at IS NULL;";
