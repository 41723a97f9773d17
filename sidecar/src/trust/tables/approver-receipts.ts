import type { DatabaseSync } from "node:sqlite";
import { Receipt } from "@ibkr-edge-gateway/protocol/approval-page/approver-receipt.ts";

/** What this PC said became of each answer, as it signed it, in its own sequence. */
export const APPROVER_RECEIPTS_SCHEMA = `
CREATE TABLE IF NOT EXISTS approver_receipts (
  pc_seq INTEGER PRIMARY KEY,
  ticket_sha256 TEXT NOT NULL,
  signed_sha256 TEXT NOT NULL,
  verdict TEXT NOT NULL,
  receipt TEXT NOT NULL,
  made_at INTEGER NOT NULL
) STRICT;
`;

export function storeReceipt(db: DatabaseSync, receipt: Receipt, nowMs: number): void {
  const { pc_seq, ticket_sha256, intent_hash, verdict } = receipt.body;
  db.prepare(
    `INSERT INTO approver_receipts (pc_seq, ticket_sha256, signed_sha256, verdict, receipt, made_at)
     VALUES (?, ?, ?, ?, ?, ?)`,
  ).run(pc_seq, ticket_sha256, intent_hash, verdict, JSON.stringify(receipt), nowMs);
}

/** Of so many there is always room for answers that led to no order. */
const ROOM_FOR_OTHERS = 10;

/**
 * The newest first. Those of orders have all the room but a little: who sends spoiled answers without end
 * pushes out none of them.
 */
export function latestReceipts(db: DatabaseSync, limit: number): Receipt[] {
  const of = (anOrder: boolean) =>
    db
      .prepare(
        `SELECT receipt FROM approver_receipts WHERE (receipt ->> '$.body.coid' IS NOT NULL) = ?
         ORDER BY pc_seq DESC LIMIT ?`,
      )
      .all(anOrder ? 1 : 0, limit)
      .map(({ receipt }) => Receipt.parse(JSON.parse(String(receipt))));
  const orders = of(true);
  const others = of(false);
  const ofOrders = Math.max(limit - ROOM_FOR_OTHERS, limit - others.length);
  const taken = orders.slice(0, ofOrders);
  return [...taken, ...others.slice(0, limit - taken.length)].sort(
    (one, other) => other.body.pc_seq - one.body.pc_seq,
  );
}

/** How many answers to one envelope were signed as refused. */
export function countRefused(db: DatabaseSync, ticketSha256: string): number {
  const row = db
    .prepare(
      "SELECT COUNT(*) AS refused FROM approver_receipts WHERE ticket_sha256 = ? AND verdict = 'refused'",
    )
    .get(ticketSha256);
  return Number(row?.refused ?? 0);
}

/** The last verdict about one answer, and its code; null when there is none. */
export function lastSaid(
  db: DatabaseSync,
  signedSha256: string,
): { verdict: string; code: string | null } | null {
  const row = db
    .prepare(
      "SELECT verdict, receipt ->> '$.body.code' AS code FROM approver_receipts WHERE signed_sha256 = ? ORDER BY pc_seq DESC LIMIT 1",
    )
    .get(signedSha256);
  if (row === undefined) return null;
  return { verdict: String(row.verdict), code: row.code === null ? null : String(row.code) };
}

export function deleteReceipts(db: DatabaseSync, beforeMs: number): void {
  db.prepare("DELETE FROM approver_receipts WHERE made_at < ?").run(beforeMs);
}
