-- The directory of gateway accounts. An account's state lives in its own object; here stands only
-- that it exists, and whose it is. Ids are opaque and appear in every token, so they hold nothing
-- personal.
CREATE TABLE accounts (
  id TEXT PRIMARY KEY,
  role TEXT NOT NULL CHECK (role IN ('operator', 'member')),
  created_at TEXT NOT NULL
) STRICT;

-- The operator is the owner who holds OWNER_TOKEN. There is one, however many requests race.
CREATE UNIQUE INDEX accounts_one_operator ON accounts (role) WHERE role = 'operator';
