export const OWNER_SESSIONS_SCHEMA = `
CREATE TABLE IF NOT EXISTS owner_sessions (
  id TEXT PRIMARY KEY,
  secret_hash TEXT NOT NULL UNIQUE,
  csrf TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS sign_in_attempts (
  source TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS sign_in_attempts_at ON sign_in_attempts (at);
`;

export const OWNER_SESSION_DETAILS_SCHEMA = `
ALTER TABLE owner_sessions ADD COLUMN method TEXT NOT NULL DEFAULT 'token';
ALTER TABLE owner_sessions ADD COLUMN label TEXT NOT NULL DEFAULT '';
ALTER TABLE owner_sessions ADD COLUMN last_seen_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE owner_sessions ADD COLUMN confirmed_at INTEGER NOT NULL DEFAULT 0;
`;

export const PASSKEYS_SCHEMA = `
CREATE TABLE passkeys (
  credential_id TEXT PRIMARY KEY,
  public_key TEXT NOT NULL,
  counter INTEGER NOT NULL,
  transports TEXT NOT NULL,
  name TEXT NOT NULL,
  backed_up INTEGER NOT NULL,
  added_at INTEGER NOT NULL,
  last_used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE passkey_challenges (
  challenge TEXT PRIMARY KEY,
  purpose TEXT NOT NULL,
  session_id TEXT,
  forget_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE owner_settings (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;

export const PENDING_FORMS_SCHEMA = `
CREATE TABLE pending_forms (
  id TEXT PRIMARY KEY,
  session_id TEXT NOT NULL,
  path TEXT NOT NULL,
  fields TEXT NOT NULL,
  forget_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

export const RECOVERY_SCHEMA = `
CREATE TABLE recovery_codes (
  code_hash TEXT PRIMARY KEY,
  sidecar_id TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

export const SPENT_TOKENS_SCHEMA = `
CREATE TABLE spent_tokens (
  hash TEXT PRIMARY KEY,
  redeemed INTEGER NOT NULL DEFAULT 0,
  forget_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX spent_tokens_forget_at ON spent_tokens (forget_at);
`;
