import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import * as z from "zod";

/**
 * The agent's wish that the owner's approval also sends the order: with the key and the words of the
 * submit that the agent would have made itself, so that both stand for the same order. A wish sends
 * nothing; only the owner's *Approve and send* does, and only in that moment.
 */
export const ORDER_SENDS_SCHEMA = `
CREATE TABLE order_sends (
  approval_id TEXT PRIMARY KEY,
  client_id TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  said TEXT NOT NULL,
  scopes TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX order_sends_key ON order_sends (client_id, idempotency_key);
`;

export interface SendWish {
  approvalId: string;
  clientId: string;
  /** The agent's idempotency key. */
  key: string;
  /** What the key stands for: the same words as the agent's own submit. */
  said: JsonObject;
  /** What the agent's token carried when it asked. */
  scopes: readonly string[];
}

export function keepSendWish(sql: SqlStorage, wish: SendWish): void {
  sql.exec(
    `INSERT INTO order_sends (approval_id, client_id, idempotency_key, said, scopes)
     VALUES (?, ?, ?, ?, ?)`,
    wish.approvalId,
    wish.clientId,
    wish.key,
    JSON.stringify(wish.said),
    JSON.stringify(wish.scopes),
  );
}

const Row = z.object({
  approval_id: z.string(),
  client_id: z.string(),
  idempotency_key: z.string(),
  said: z.string(),
  scopes: z.string(),
});
const Said = z.record(z.string(), z.json());

/** The wish that came with a request; null where the agent submits by itself. */
export function sendWish(sql: SqlStorage, approvalId: string): SendWish | null {
  const [found] = sql.exec("SELECT * FROM order_sends WHERE approval_id = ?", approvalId).toArray();
  if (found === undefined) return null;
  const row = Row.parse(found);
  return {
    approvalId: row.approval_id,
    clientId: row.client_id,
    key: row.idempotency_key,
    said: Said.parse(JSON.parse(row.said)),
    scopes: z.array(z.string()).parse(JSON.parse(row.scopes)),
  };
}

/** The requests that came with this key, whatever became of them, the latest first. */
export function requestsUnder(sql: SqlStorage, clientId: string, key: string): string[] {
  return sql
    .exec<{ approval_id: string }>(
      `SELECT approval_id FROM order_sends WHERE client_id = ? AND idempotency_key = ?
       ORDER BY approval_id DESC`,
      clientId,
      key,
    )
    .toArray()
    .map(({ approval_id }) => approval_id);
}

export function deleteSendWish(sql: SqlStorage, approvalId: string): void {
  sql.exec("DELETE FROM order_sends WHERE approval_id = ?", approvalId);
}
