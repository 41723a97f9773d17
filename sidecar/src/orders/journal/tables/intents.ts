import type { DatabaseSync } from "node:sqlite";
import { TERMINAL_STATES } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";

const TERMINAL = TERMINAL_STATES.map((state) => `'${state}'`).join(",");

/** What can be asked for; all else is in `record`. */
export interface IntentRow {
  coid: string;
  state: string;
  sent: boolean;
  /** JSON. */
  record: string;
}

/** False when the reference, the job or the intent was there before. */
export function insertIntent(
  db: DatabaseSync,
  row: IntentRow & { jobId: string; intentHash: string; createdAtMs: number },
): boolean {
  const { changes } = db
    .prepare(
      `INSERT INTO intents (coid, job_id, intent_hash, state, sent, created_at, record)
       VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    )
    .run(
      row.coid,
      row.jobId,
      row.intentHash,
      row.state,
      row.sent ? 1 : 0,
      row.createdAtMs,
      row.record,
    );
  return Number(changes) === 1;
}

export function updateIntent(db: DatabaseSync, row: IntentRow): void {
  db.prepare("UPDATE intents SET state = ?, sent = ?, record = ? WHERE coid = ?").run(
    row.state,
    row.sent ? 1 : 0,
    row.record,
    row.coid,
  );
}

/** The record as JSON, as everywhere below. */
export function intentRecord(db: DatabaseSync, coid: string): string | null {
  const row = db.prepare("SELECT record FROM intents WHERE coid = ?").get(coid);
  return row === undefined ? null : String(row.record);
}

/** The references of intents that are not proved to have ended. */
export function openCoids(db: DatabaseSync): string[] {
  return db
    .prepare(`SELECT coid FROM intents WHERE state NOT IN (${TERMINAL})`)
    .all()
    .map(({ coid }) => String(coid));
}

/** Sent, proved to have ended, and written since then. */
export function recordsEndedSince(db: DatabaseSync, sinceMs: number): string[] {
  return db
    .prepare(
      `SELECT record FROM intents WHERE sent = 1 AND state IN (${TERMINAL})
       AND json_extract(record, '$.updated_at') >= ?`,
    )
    .all(sinceMs)
    .map(({ record }) => String(record));
}

/** How many that were begun after then may have been sent. */
export function countSentSince(db: DatabaseSync, sinceMs: number): number {
  const row = db
    .prepare("SELECT COUNT(*) AS count FROM intents WHERE sent = 1 AND created_at > ?")
    .get(sinceMs);
  return Number(row?.count ?? 0);
}

/** As above, where one that waited for its market to open counts from that opening on. */
export function countTradingSince(db: DatabaseSync, sinceMs: number): number {
  const row = db
    .prepare(`SELECT COUNT(*) AS count FROM intents WHERE sent = 1 AND ${TRADING_SINCE}`)
    .get({ since: sinceMs });
  return Number(row?.count ?? 0);
}

const TRADING_SINCE = `(created_at > :since
  OR unixepoch(json_extract(record, '$.ticket.waits.until')) * 1000 > :since)`;

/** Those of them that were sent under one mandate. */
export function recordsSentUnder(db: DatabaseSync, mandateHash: string, sinceMs: number): string[] {
  return db
    .prepare(
      `SELECT record FROM intents WHERE sent = 1 AND ${TRADING_SINCE}
       AND json_extract(record, '$.mandate_hash') = :hash`,
    )
    .all({ since: sinceMs, hash: mandateHash })
    .map(({ record }) => String(record));
}

export function deleteEndedBefore(db: DatabaseSync, createdBeforeMs: number): void {
  db.prepare(`DELETE FROM intents WHERE state IN (${TERMINAL}) AND created_at < ?`).run(
    createdBeforeMs,
  );
}
