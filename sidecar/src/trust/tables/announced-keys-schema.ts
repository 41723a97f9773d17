export const ANNOUNCED_KEYS_SCHEMA = `
CREATE TABLE IF NOT EXISTS announced_keys (
  credential_id TEXT PRIMARY KEY,
  public_key BLOB NOT NULL,
  label TEXT NOT NULL,
  announced_at INTEGER NOT NULL,
  present INTEGER NOT NULL,
  refused_at INTEGER
) STRICT;
`;
