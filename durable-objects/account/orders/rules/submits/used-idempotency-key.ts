import { findApproval } from "../../tables/approvals.ts";
import { findKey } from "../../tables/idempotency-keys.ts";
import { findIntent, outcomeOf } from "../../tables/intents/rows.ts";
import { requestsUnder } from "../../tables/sends.ts";
import { no, type SubmitDecision, type SubmitRequest } from "./submit-decision.ts";

/** What the key stands for already; null when it is new. */
export function seenKey(
  sql: SqlStorage,
  clientId: string,
  request: Pick<SubmitRequest, "key" | "digest">,
): Exclude<SubmitDecision, { kind: "go" }> | null {
  const used = findKey(sql, clientId, request.key);
  if (used === null) return null;
  if (used.digest !== request.digest) {
    return no(
      "IDEMPOTENCY_CONFLICT",
      "idempotency_key",
      "same_request",
      "The idempotency key was used for another request.",
    );
  }
  const intent = findIntent(sql, used.coid);
  if (intent === null)
    return no("IDEMPOTENCY_CONFLICT", "idempotency_key", "known", "The key is spent.");
  return { kind: "replay", coid: used.coid, state: intent.state, outcome: outcomeOf(intent) };
}

/** Whether a client's key stands for an order already, or for a request that is still open. */
export function keyIsTaken(sql: SqlStorage, clientId: string, key: string, nowMs: number): boolean {
  return (
    findKey(sql, clientId, key) !== null ||
    requestsUnder(sql, clientId, key).some((approvalId) => {
      const state = findApproval(sql, approvalId, nowMs)?.state;
      return state === "pending" || state === "approved";
    })
  );
}
