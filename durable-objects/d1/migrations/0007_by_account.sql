-- A deletion finds what is an account's without reading everybody's.

CREATE INDEX identities_account ON identities (account_id);
CREATE INDEX audit_logs_account ON audit_logs (account_id);
