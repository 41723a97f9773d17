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

/**
 * What a statement asks of a record, as columns of its table: made from the record itself, so that no
 * version of this program can write them differently. For a file of any version, at every start.
 */
export function widenIntentsTable(db: DatabaseSync): void {
  const known = db.prepare("SELECT name FROM pragma_table_xinfo('intents')").all();
  for (const [name, made] of MADE_OF_RECORD) {
    if (known.some((column) => column.name === name)) continue;
    db.exec(`ALTER TABLE intents ADD COLUMN ${name} INTEGER GENERATED ALWAYS AS (${made}) VIRTUAL`);
  }
  db.exec(`CREATE INDEX IF NOT EXISTS intents_ended ON intents (updated_at)
    WHERE state IN (${TERMINAL})`);
  db.exec("CREATE INDEX IF NOT EXISTS intents_counted ON intents (counts_from) WHERE sent = 1");
}

const MADE_OF_RECORD = [
  ["updated_at", "json_extract(record, '$.updated_at')"],
  [
    "counts_from",
    "MAX(created_at, COALESCE(unixepoch(json_extract(record, '$.ticket.waits.until')) * 1000, 0))",
  ],
] as const;

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

/** The reference of an order that a preview led to, sent or under way, begun since then; null when none. */
export function coidOfPreview(db: DatabaseSync, previewId: string, sinceMs: number): string | null {
  const row = db
    .prepare(
      `SELECT coid FROM intents WHERE sent = 1 AND created_at > ?1 AND record ->> '$.preview_id' = ?2
       UNION ALL
       SELECT coid FROM intents
       WHERE state NOT IN (${TERMINAL}) AND record ->> '$.preview_id' = ?2 LIMIT 1`,
    )
    .get(sinceMs, previewId);
  return row === undefined ? null : String(row.coid);
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
      // By its end and not by its sending, which all of a month have in common.
      `SELECT record FROM intents WHERE +sent = 1 AND state IN (${TERMINAL}) AND updated_at >= ?`,
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

/** When the newest of those that may have been sent was begun, Unix milliseconds; null for none. */
export function newestSentAt(db: DatabaseSync): number | null {
  const row = db.prepare("SELECT MAX(created_at) AS at FROM intents WHERE sent = 1").get();
  return typeof row?.at === "number" ? row.at : null;
}

/** As above, where one that waited for its market to open counts from that opening on. */
export function countTradingSince(db: DatabaseSync, sinceMs: number): number {
  const row = db
    .prepare(`SELECT COUNT(*) AS count FROM intents INDEXED BY intents_counted
       WHERE sent = 1 AND counts_from > ?`)
    .get(sinceMs);
  return Number(row?.count ?? 0);
}

/** Those of them that were sent under one mandate. */
export function recordsSentUnder(db: DatabaseSync, mandateHash: string, sinceMs: number): string[] {
  return db
    .prepare(
      `SELECT record FROM intents INDEXED BY intents_counted WHERE sent = 1 AND counts_from > ?
       AND json_extract(record, '$.mandate_hash') = ?`,
    )
    .all(sinceMs, mandateHash)
    .map(({ record }) => String(record));
}

/** Deletes ended ones that were last written before then, at most the limit; their orders, as JSON. */
export function deleteEndedBefore(
  db: DatabaseSync,
  writtenBeforeMs: number,
  limit: number,
): { coid: string; orders: string }[] {
  return db
    .prepare(
      `DELETE FROM intents WHERE coid IN (
         SELECT coid FROM intents WHERE state IN (${TERMINAL}) AND updated_at < ?1
           AND created_at < ?1 LIMIT ?2) RETURNING coid, record ->> '$.orders' AS orders`,
    )
    .all(writtenBeforeMs, limit)
    .map(({ coid, orders }) => ({ coid: String(coid), orders: String(orders) }));
}
