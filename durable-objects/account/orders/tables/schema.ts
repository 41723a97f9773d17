/**
 * What the account keeps of its orders. Amounts are decimal strings, times are milliseconds, JSON is
 * what its type says; nothing is ever deleted that an order's history needs.
 */
export const ORDERS_SCHEMA = `
-- Versions of each broker account's policy. A looser one waits until it may take effect.
CREATE TABLE order_policies (
  broker_account TEXT NOT NULL,
  version INTEGER NOT NULL,
  hash TEXT NOT NULL,
  document TEXT NOT NULL,
  made_at INTEGER NOT NULL,
  effective_at INTEGER NOT NULL,
  withdrawn_at INTEGER,
  PRIMARY KEY (broker_account, version)
) STRICT, WITHOUT ROWID;

-- The two switches and the checklist of each mode, at this end.
CREATE TABLE order_features (
  mode TEXT PRIMARY KEY CHECK (mode IN ('paper', 'live')),
  enabled INTEGER NOT NULL,
  checklist TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE order_previews (
  preview_id TEXT PRIMARY KEY,
  client_id TEXT NOT NULL,
  broker_account TEXT NOT NULL,
  economic_hash TEXT NOT NULL,
  sidecar_id TEXT NOT NULL,
  generation INTEGER NOT NULL,
  ticket TEXT NOT NULL,
  facts TEXT NOT NULL,
  least_tier INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE order_approvals (
  approval_id TEXT PRIMARY KEY,
  preview_id TEXT NOT NULL,
  intent_hash TEXT NOT NULL,
  intent TEXT NOT NULL,
  client_id TEXT NOT NULL,
  broker_account TEXT NOT NULL,
  economic_hash TEXT NOT NULL,
  tier INTEGER NOT NULL,
  state TEXT NOT NULL,
  assertion TEXT,
  echo INTEGER,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  decided_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX order_approvals_preview ON order_approvals (preview_id);

-- One use of one key by one client; the answer is replayed to whoever asks again.
CREATE TABLE order_keys (
  client_id TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  digest TEXT NOT NULL,
  coid TEXT NOT NULL,
  used_at INTEGER NOT NULL,
  PRIMARY KEY (client_id, idempotency_key)
) STRICT, WITHOUT ROWID;

-- An order that was let out, its reservation, and what is proved of it.
CREATE TABLE order_intents (
  coid TEXT PRIMARY KEY,
  intent_hash TEXT,
  approval_id TEXT,
  preview_id TEXT,
  client_id TEXT NOT NULL,
  broker_account TEXT NOT NULL,
  mode TEXT NOT NULL,
  action TEXT NOT NULL,
  conid INTEGER NOT NULL,
  side TEXT NOT NULL,
  asset_class TEXT NOT NULL,
  quantity TEXT,
  time_in_force TEXT NOT NULL,
  economic_hash TEXT NOT NULL,
  effect TEXT,
  job_id TEXT NOT NULL,
  state TEXT NOT NULL,
  outcome TEXT,
  orders INTEGER NOT NULL,
  notional TEXT,
  filled_notional TEXT,
  ledger TEXT NOT NULL CHECK (ledger IN ('reserved', 'settled', 'released')),
  seen INTEGER NOT NULL DEFAULT 0,
  delivered INTEGER NOT NULL DEFAULT 1,
  day TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  doubt_since INTEGER,
  look_at INTEGER,
  looks INTEGER NOT NULL DEFAULT 0,
  absent_reads INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX order_intents_recent ON order_intents (broker_account, created_at);

CREATE TABLE order_fills (
  execution_id TEXT PRIMARY KEY,
  coid TEXT,
  broker_account TEXT NOT NULL,
  conid INTEGER NOT NULL,
  side TEXT NOT NULL,
  quantity TEXT NOT NULL,
  price TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX order_fills_recent ON order_fills (broker_account, at);

-- Engaged switches. A row is an engaged switch; lifting removes it and raises the epoch.
CREATE TABLE order_kills (
  scope TEXT NOT NULL,
  subject TEXT NOT NULL,
  actor TEXT NOT NULL,
  reason TEXT NOT NULL,
  effect TEXT NOT NULL,
  engaged_at INTEGER NOT NULL,
  PRIMARY KEY (scope, subject)
) STRICT, WITHOUT ROWID;
CREATE TABLE order_epoch (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  epoch INTEGER NOT NULL
) STRICT;

-- Tighter than active by a loss, until the next trading day or the owner.
CREATE TABLE order_trading_state (
  broker_account TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  day TEXT NOT NULL,
  until_owner INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

/** What a cancel is to cancel: the broker's number, or our reference where it is not known. */
export const ORDER_CANCELS_SCHEMA = `
ALTER TABLE order_intents ADD COLUMN withdraws TEXT;
`;

/**
 * Until when an order waits at the broker for its market to open, as JSON; null: it need not. And what
 * every rule found at the preview, so that a refusal at the submit can say what changed.
 */
export const ORDER_WAITS_SCHEMA = `
ALTER TABLE order_intents ADD COLUMN waits TEXT;
ALTER TABLE order_preview_notes ADD COLUMN findings TEXT;
`;

/** Since when a switch cancels what turns up, by the owner's or the policy's word; null: it does not. */
export const KILL_CANCELS_SCHEMA = `
ALTER TABLE order_kills ADD COLUMN withdraw_from INTEGER;
UPDATE order_kills SET withdraw_from = engaged_at WHERE effect <> 'freeze' AND actor <> 'agent';
`;
