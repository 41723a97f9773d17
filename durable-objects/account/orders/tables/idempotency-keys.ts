import { no, type SubmitDecision, type SubmitRequest } from "../rules/submit-types.ts";
import { findIntent, outcomeOf } from "./intents.ts";

/** From now on the key stands for this order and for nothing else. */
export function keepKey(
  sql: SqlStorage,
  clientId: string,
  request: Pick<SubmitRequest, "key" | "digest">,
  coid: string,
  nowMs: number,
): void {
  sql.exec(
    `INSERT INTO order_keys (client_id, idempotency_key, digest, coid, used_at) VALUES (?, ?, ?, ?, ?)`,
    clientId,
    request.key,
    request.digest,
    coid,
    nowMs,
  );
}

/** What the key stands for already; null when it is new. */
export function seenKey(
  sql: SqlStorage,
  clientId: string,
  request: Pick<SubmitRequest, "key" | "digest">,
): SubmitDecision | null {
  const [row] = sql
    .exec<{ digest: string; coid: string }>(
      "SELECT digest, coid FROM order_keys WHERE client_id = ? AND idempotency_key = ?",
      clientId,
      request.key,
    )
    .toArray();
  if (row === undefined) return null;
  if (row.digest !== request.digest) {
    return no(
      "IDEMPOTENCY_CONFLICT",
      "idempotency_key",
      "same_request",
      "The idempotency key was used for another request.",
    );
  }
  const intent = findIntent(sql, row.coid);
  if (intent === null)
    return no("IDEMPOTENCY_CONFLICT", "idempotency_key", "known", "The key is spent.");
  return { kind: "replay", coid: row.coid, state: intent.state, outcome: outcomeOf(intent) };
}
