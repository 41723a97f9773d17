-- The copy of every account's audit log that one can query. The account's object numbers and
-- hashes the events; this table only ever grows, in order, without gaps, and refuses anything else.

CREATE TABLE audit_events (
  account_id TEXT NOT NULL,
  seq INTEGER NOT NULL CHECK (seq >= 1),
  leaf_hash TEXT NOT NULL CHECK (length(leaf_hash) = 64),
  event TEXT NOT NULL CHECK (json_valid(event)),
  type TEXT GENERATED ALWAYS AS (event ->> '$.type') VIRTUAL,
  ended_at TEXT GENERATED ALWAYS AS (event ->> '$.ended_at') VIRTUAL,
  tool TEXT GENERATED ALWAYS AS (event ->> '$.what.tool') VIRTUAL,
  client_id TEXT GENERATED ALWAYS AS (event ->> '$.who.client_id') VIRTUAL,
  error_code TEXT GENERATED ALWAYS AS (event ->> '$.what.error_code') VIRTUAL,
  PRIMARY KEY (account_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events
BEGIN
  SELECT RAISE(ABORT, 'audit log: events are never changed');
END;

CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events
BEGIN
  SELECT RAISE(ABORT, 'audit log: events are never deleted');
END;

-- INSERT OR REPLACE removes the old row without firing the trigger above, so a number that is
-- taken is settled here: the same event again is nothing new, another one is an attempt to rewrite.
CREATE TRIGGER audit_events_no_rewrite BEFORE INSERT ON audit_events
WHEN EXISTS (SELECT 1 FROM audit_events WHERE account_id = NEW.account_id AND seq = NEW.seq)
BEGIN
  SELECT CASE
    WHEN EXISTS (
      SELECT 1 FROM audit_events
      WHERE account_id = NEW.account_id AND seq = NEW.seq
        AND leaf_hash = NEW.leaf_hash AND event = NEW.event
    ) THEN RAISE(IGNORE)
    ELSE RAISE(ABORT, 'audit log: the number is taken by another event')
  END;
END;

CREATE TRIGGER audit_events_no_gap BEFORE INSERT ON audit_events
WHEN NEW.seq > 1
  AND NOT EXISTS (SELECT 1 FROM audit_events WHERE account_id = NEW.account_id AND seq = NEW.seq - 1)
BEGIN
  SELECT RAISE(ABORT, 'audit log: an event is missing before this one');
END;
