import { PolicyDocument, policyHash } from "@ibkr-edge-gateway/policy/document.ts";
import { type Comparison, compareRestriction } from "@ibkr-edge-gateway/policy/restriction.ts";
import {
  cancelWaitingPolicies,
  insertPolicy,
  newestVersion,
  policyInForce,
} from "../tables/policies.ts";

/** How long a looser policy waits when no passkey signed for it. */
export const LOOSENING_DELAY_MS = 24 * 3_600_000;

export type PolicyChange =
  | { ok: true; version: number; hash: string; effectiveAt: number; comparison: Comparison | null }
  | { ok: false; reason: "invalid" | "stale"; detail: string };

/**
 * Puts a new version in. Tighter takes effect at once; looser at once only when the owner's passkey
 * signed this very change (`signed`), else after a day. A version that still waits is cancelled by
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
  cancelWaitingPolicies(sql, document.account_id, nowMs);
  insertPolicy(sql, { document, version, hash, madeAt: nowMs, effectiveAt });
  return { ok: true, version, hash, effectiveAt, comparison };
}
