-- Accounts that their owners deleted. What stays of one is its id, which names nobody, and the last
-- signed head of its log: hashes, with which an export that somebody keeps can still be compared.

CREATE TABLE erased_accounts (
  account_id TEXT PRIMARY KEY,
  log_id TEXT UNIQUE,
  vkey TEXT,
  checkpoint TEXT,
  erased_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER erased_accounts_not_in_use BEFORE INSERT ON erased_accounts
WHEN EXISTS (SELECT 1 FROM accounts WHERE id = NEW.account_id)
BEGIN
  SELECT RAISE(ABORT, 'the account is in use');
END;

CREATE TRIGGER erased_accounts_no_update BEFORE UPDATE ON erased_accounts
BEGIN
  SELECT RAISE(ABORT, 'what stays of a deleted account is never changed');
END;

CREATE TRIGGER erased_accounts_no_delete BEFORE DELETE ON erased_accounts
BEGIN
  SELECT RAISE(ABORT, 'what stays of a deleted account is never deleted');
END;

-- The copy of a log goes with its account, and with nothing else; and none comes back.

DROP TRIGGER audit_events_no_delete;
CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events
WHEN NOT EXISTS (SELECT 1 FROM erased_accounts WHERE account_id = OLD.account_id)
BEGIN
  SELECT RAISE(ABORT, 'audit log: events are never deleted');
END;

DROP TRIGGER audit_events_before_no_delete;
CREATE TRIGGER audit_events_before_no_delete BEFORE DELETE ON audit_events_before
WHEN NOT EXISTS (SELECT 1 FROM erased_accounts WHERE account_id = OLD.account_id)
BEGIN
  SELECT RAISE(ABORT, 'audit log: events are never deleted');
END;

CREATE TRIGGER audit_events_not_erased BEFORE INSERT ON audit_events
WHEN EXISTS (SELECT 1 FROM erased_accounts WHERE account_id = NEW.account_id)
BEGIN
  SELECT RAISE(ABORT, 'audit log: the account was deleted');
END;
