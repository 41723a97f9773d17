-- More than one owner: who may open an account of their own, and which outside identity is whose.

-- A code is shown once, to the operator; here stands its hash. One code, one account.
CREATE TABLE invitations (
  code_hash TEXT PRIMARY KEY,
  note TEXT NOT NULL,
  created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  account_id TEXT UNIQUE REFERENCES accounts (id)
) STRICT;

-- Subjects of an identity provider, as they first signed in.
CREATE TABLE identities (
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  account_id TEXT NOT NULL REFERENCES accounts (id),
  created_at TEXT NOT NULL,
  PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;
