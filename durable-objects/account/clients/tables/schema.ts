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
 * A grant belongs to a client; once revoked no token of it works again, also after the same
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

/**
 * The list of clients in its order, and since when one is withdrawn: long after that it is forgotten,
 * as are the grants that ended. Neither is asked for by a call, which looks both up by their keys.
 */
export const CLIENTS_GROWTH_SCHEMA = `
ALTER TABLE clients ADD COLUMN revoked_at INTEGER;
UPDATE clients SET revoked_at = COALESCE(last_used_at, admitted_at) WHERE state = 'revoked';
CREATE INDEX clients_listed ON clients (state, admitted_at DESC, client_id);
CREATE INDEX clients_revoked ON clients (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX grants_ended ON grants (admitted_at) WHERE state = 'revoked';
`;
