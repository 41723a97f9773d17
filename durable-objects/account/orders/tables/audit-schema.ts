/** What the order service keeps beside the orders themselves. */
export const ORDER_SERVICE_SCHEMA = `
-- What the PC said at preview besides the ticket.
CREATE TABLE order_preview_notes (
  preview_id TEXT PRIMARY KEY,
  pc_refusals TEXT NOT NULL,
  source TEXT NOT NULL,
  made_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- When the owner first saw a request, and how often the PC's number was got wrong.
CREATE TABLE order_approval_views (
  approval_id TEXT PRIMARY KEY,
  first_seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What the owner must look at. One row per thing, however often it is told.
CREATE TABLE order_alerts (
  alert_key TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  broker_account TEXT,
  coid TEXT,
  message TEXT NOT NULL,
  broker_text TEXT,
  cancel_offered TEXT NOT NULL,
  at INTEGER NOT NULL,
  seen_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX order_alerts_recent ON order_alerts (at);

-- When each account's book was last held against the log.
CREATE TABLE order_cross_checks (
  broker_account TEXT PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;
