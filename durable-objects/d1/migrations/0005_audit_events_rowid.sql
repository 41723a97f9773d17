-- A row of a table WITHOUT ROWID that is larger than about 1,000 bytes takes a page of 4 KiB to
-- itself, and most events are about as large. New events go into a table with a rowid, where one
-- takes about a third of that. What was copied before stays where it is: a database may be too full
-- to hold it twice. `audit_log_events` shows both as one.

DROP TRIGGER audit_events_no_update;
DROP TRIGGER audit_events_no_delete;
DROP TRIGGER audit_events_no_rewrite;
DROP TRIGGER audit_events_no_gap;
ALTER TABLE audit_events RENAME TO audit_events_before;

CREATE TRIGGER audit_events_before_no_insert BEFORE INSERT ON audit_events_before
BEGIN
  SELECT RAISE(ABORT, 'audit log: new events go into audit_events');
END;

CREATE TRIGGER audit_events_before_no_update BEFORE UPDATE ON audit_events_before
BEGIN
  SELECT RAISE(ABORT, 'audit log: events are never changed');
END;

CREATE TRIGGER audit_events_before_no_delete BEFORE DELETE ON audit_events_before
BEGIN
  SELECT RAISE(ABORT, 'audit log: events are never deleted');
END;

CREATE TABLE audit_events (
  id INTEGER PRIMARY KEY,
  account_id TEXT NOT NULL,
  seq INTEGER NOT NULL CHECK (seq >= 1),
  leaf_hash TEXT NOT NULL CHECK (length(leaf_hash) = 64),
  event TEXT NOT NULL CHECK (json_valid(event)),
  type TEXT GENERATED ALWAYS AS (event ->> '$.type') VIRTUAL,
  ended_at TEXT GENERATED ALWAYS AS (event ->> '$.ended_at') VIRTUAL,
  tool TEXT GENERATED ALWAYS AS (event ->> '$.what.tool') VIRTUAL,
  client_id TEXT GENERATED ALWAYS AS (event ->> '$.who.client_id') VIRTUAL,
  error_code TEXT GENERATED ALWAYS AS (event ->> '$.what.error_code') VIRTUAL,
  UNIQUE (account_id, seq)
) STRICT;

CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events
BEGIN
  SELECT RAISE(ABORT, 'audit log: events are never changed');
END;

CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events
BEGIN
  SELECT RAISE(ABORT, 'audit log: events are never deleted');
END;

-- As before: the same event again under a taken number is nothing new, another one is an attempt to
-- rewrite; and a number follows the one before it, in whichever table that stands.
CREATE TRIGGER audit_events_no_rewrite BEFORE INSERT ON audit_events
WHEN EXISTS (SELECT 1 FROM audit_events WHERE account_id = NEW.account_id AND seq = NEW.seq)
  OR EXISTS (SELECT 1 FROM audit_events_before WHERE account_id = NEW.account_id AND seq = NEW.seq)
BEGIN
  SELECT CASE
    WHEN EXISTS (
      SELECT 1 FROM audit_events
      WHERE account_id = NEW.account_id AND seq = NEW.seq
        AND leaf_hash = NEW.leaf_hash AND event = NEW.event
    ) THEN RAISE(IGNORE)
    WHEN EXISTS (
      SELECT 1 FROM audit_events_before
      WHERE account_id = NEW.account_id AND seq = NEW.seq
        AND leaf_hash = NEW.leaf_hash AND event = NEW.event
    ) THEN RAISE(IGNORE)
    ELSE RAISE(ABORT, 'audit log: the number is taken by another event')
  END;
END;

CREATE TRIGGER audit_events_no_gap BEFORE INSERT ON audit_events
WHEN NEW.seq > 1
  AND NOT EXISTS (SELECT 1 FROM audit_events WHERE account_id = NEW.account_id AND seq = NEW.seq - 1)
  AND NOT EXISTS (
    SELECT 1 FROM audit_events_before WHERE account_id = NEW.account_id AND seq = NEW.seq - 1
  )
BEGIN
  SELECT RAISE(ABORT, 'audit log: an event is missing before this one');
END;

CREATE VIEW audit_log_events AS
  SELECT account_id, seq, leaf_hash, event, type, ended_at, tool, client_id, error_code
  FROM audit_events_before
  UNION ALL
  SELECT account_id, seq, leaf_hash, event, type, ended_at, tool, client_id, error_code
  FROM audit_events;
