-- By which id an account's signed audit log is asked for. The id is random: an account's own id
-- stands in every access token.

CREATE TABLE audit_logs (
  log_id TEXT PRIMARY KEY CHECK (length(log_id) = 32),
  account_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
