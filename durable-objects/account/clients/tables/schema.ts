export const CLIENTS_SCHEMA = `
CREATE TABLE IF NOT EXISTS clients (
  client_id TEXT PRIMARY KEY,
  client_name TEXT NOT NULL,
  redirect_host TEXT NOT NULL,
  scopes TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'revoked')),
  admitted_at INTEGER NOT NULL,
  last_used_at INTEGER,
  calls INTEGER NOT NULL DEFAULT 0
) STRICT;
`;

/**
 * A grant belongs to a client; once withdrawn no token of it works again, also after the same
 * client was let in anew.
 */
export const GRANTS_SCHEMA = `
CREATE TABLE grants (
  grant_id TEXT PRIMARY KEY,
  client_id TEXT NOT NULL,
  admitted_at INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'revoked'))
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_client ON grants (client_id);
ALTER TABLE clients ADD COLUMN consented TEXT NOT NULL DEFAULT '[]';
ALTER TABLE clients ADD COLUMN accounts TEXT;
ALTER TABLE clients ADD COLUMN read_only_until INTEGER NOT NULL DEFAULT 0;
`;
