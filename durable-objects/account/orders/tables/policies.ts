import { type Policy, PolicyDocument, policyHash } from "@ibkr-edge-gateway/policy/document.ts";
import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";

/**
 * The policy in force for a broker account: the newest version that may take effect and was not
 * cancelled. A row that does not parse is no policy, and no policy allows nothing.
 */
export function policyInForce(
  sql: SqlStorage,
  brokerAccount: string,
  nowMs: number,
): Policy | null {
  const [row] = sql
    .exec<{ version: number; hash: string; document: string }>(
      `SELECT version, hash, document FROM order_policies
       WHERE broker_account = ? AND effective_at <= ? AND withdrawn_at IS NULL
       ORDER BY version DESC LIMIT 1`,
      brokerAccount,
      nowMs,
    )
    .toArray();
  if (row === undefined) return null;
  const stored: JsonValue = JSON.parse(row.document);
  const parsed = PolicyDocument.safeParse(stored);
  if (!parsed.success || policyHash(stored) !== row.hash) return null;
  return { version: row.version, hash: row.hash, document: parsed.data };
}

/** One version of an account's policy, as it was signed; null where there is none. */
export function policyDocument(
  sql: SqlStorage,
  brokerAccount: string,
  version: number,
): JsonValue | null {
  const [row] = sql
    .exec<{ document: string }>(
      "SELECT document FROM order_policies WHERE broker_account = ? AND version = ?",
      brokerAccount,
      version,
    )
    .toArray();
  return row === undefined ? null : JSON.parse(row.document);
}

/** A new version of an account's policy. */
export function insertPolicy(
  sql: SqlStorage,
  policy: {
    document: PolicyDocument;
    version: number;
    hash: string;
    madeAt: number;
    effectiveAt: number;
  },
): void {
  sql.exec(
    `INSERT INTO order_policies (broker_account, version, hash, document, made_at, effective_at)
     VALUES (?, ?, ?, ?, ?, ?)`,
    policy.document.account_id,
    policy.version,
    policy.hash,
    JSON.stringify(policy.document),
    policy.madeAt,
    policy.effectiveAt,
  );
}

/** Every version of an account that waits to take effect never will. */
export function cancelWaitingPolicies(sql: SqlStorage, brokerAccount: string, nowMs: number): void {
  sql.exec(
    `UPDATE order_policies SET withdrawn_at = ?
     WHERE broker_account = ? AND effective_at > ? AND withdrawn_at IS NULL`,
    nowMs,
    brokerAccount,
    nowMs,
  );
}

/** The looser version that waits, when there is one: newer than the one in force. */
export function waitingPolicy(
  sql: SqlStorage,
  brokerAccount: string,
  nowMs: number,
): { version: number; effectiveAt: number } | null {
  const [row] = sql
    .exec<{ version: number; effective_at: number }>(
      `SELECT version, effective_at FROM order_policies
       WHERE broker_account = ?1 AND effective_at > ?2 AND withdrawn_at IS NULL
         AND version > COALESCE((
           SELECT version FROM order_policies
           WHERE broker_account = ?1 AND effective_at <= ?2 AND withdrawn_at IS NULL
           ORDER BY version DESC LIMIT 1), 0)
       ORDER BY version DESC LIMIT 1`,
      brokerAccount,
      nowMs,
    )
    .toArray();
  return row === undefined ? null : { version: row.version, effectiveAt: row.effective_at };
}

/** The number of the newest version of an account, in force or not; 0 when it has none. */
export function newestVersion(sql: SqlStorage, brokerAccount: string): number {
  return sql
    .exec<{ newest: number }>(
      "SELECT COALESCE(MAX(version), 0) AS newest FROM order_policies WHERE broker_account = ?",
      brokerAccount,
    )
    .one().newest;
}

export function accountsWithPolicy(sql: SqlStorage): string[] {
  return sql
    .exec<{ broker_account: string }>(
      // From one account to the next in the key: each has as many rows as versions.
      `WITH RECURSIVE accounts (broker_account) AS (
         SELECT MIN(broker_account) FROM order_policies
         UNION ALL
         SELECT (SELECT MIN(p.broker_account) FROM order_policies p
                 WHERE p.broker_account > accounts.broker_account)
         FROM accounts WHERE broker_account IS NOT NULL)
       SELECT broker_account FROM accounts WHERE broker_account IS NOT NULL`,
    )
    .toArray()
    .map(({ broker_account }) => broker_account);
}
