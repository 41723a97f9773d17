import { type Policy, PolicyDocument, policyHash } from "@ibkr-edge-gateway/policy/document.ts";
import { type Comparison, compareRestriction } from "@ibkr-edge-gateway/policy/restriction.ts";
import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";

/** How long a looser policy waits when no passkey signed for it. */
export const LOOSENING_DELAY_MS = 24 * 3_600_000;

export type PolicyChange =
  | { ok: true; version: number; hash: string; effectiveAt: number; comparison: Comparison | null }
  | { ok: false; reason: "invalid" | "stale"; detail: string };

/**
 * The policy in force for a broker account: the newest version that may take effect and was not
 * withdrawn. A row that does not parse is no policy, and no policy allows nothing.
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

/**
 * Puts a new version in. Tighter takes effect at once; looser at once only when the owner's passkey
 * signed this very change (`signed`), else after a day. A version that still waits is withdrawn by
 * any newer one, so that a tightening is never undone by a loosening asked for before it.
 */
export function changePolicy(
  sql: SqlStorage,
  change: { document: unknown; basedOn: string | null; signed: boolean },
  nowMs: number,
): PolicyChange {
  const parsed = PolicyDocument.safeParse(change.document);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { ok: false, reason: "invalid", detail: issue?.path.join(".") ?? "" };
  }
  const document = parsed.data;
  const inForce = policyInForce(sql, document.account_id, nowMs);
  if ((inForce?.hash ?? null) !== change.basedOn) {
    return { ok: false, reason: "stale", detail: "the policy was changed meanwhile" };
  }
  const comparison = inForce === null ? null : compareRestriction(inForce.document, document);
  const version = newestVersion(sql, document.account_id) + 1;
  const hash = policyHash(document);
  // The first policy of an account is the owner's own act and has nothing to be looser than.
  const waits = comparison?.loosens === true && !change.signed;
  const effectiveAt = waits ? nowMs + LOOSENING_DELAY_MS : nowMs;
  sql.exec(
    `UPDATE order_policies SET withdrawn_at = ?
     WHERE broker_account = ? AND effective_at > ? AND withdrawn_at IS NULL`,
    nowMs,
    document.account_id,
    nowMs,
  );
  sql.exec(
    `INSERT INTO order_policies (broker_account, version, hash, document, made_at, effective_at)
     VALUES (?, ?, ?, ?, ?, ?)`,
    document.account_id,
    version,
    hash,
    JSON.stringify(document),
    nowMs,
    effectiveAt,
  );
  return { ok: true, version, hash, effectiveAt, comparison };
}

/** The looser version that waits, when there is one. */
export function waitingPolicy(
  sql: SqlStorage,
  brokerAccount: string,
  nowMs: number,
): { version: number; effectiveAt: number } | null {
  const [row] = sql
    .exec<{ version: number; effective_at: number }>(
      `SELECT version, effective_at FROM order_policies
       WHERE broker_account = ? AND effective_at > ? AND withdrawn_at IS NULL
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
      "SELECT DISTINCT broker_account FROM order_policies ORDER BY broker_account",
    )
    .toArray()
    .map(({ broker_account }) => broker_account);
}
