/**
 * Rows of the audit log: numbered without gaps from 1, never changed. Beside its event a row keeps
 * the Merkle nodes that its leaf completes, the leaf's own hash first, and the salts that open its
 * commitments: JSON by field, outside of what is hashed, and null once they were erased.
 */

const HASH_BYTES = 32;

/** A row as it is shown and copied; the hash is lower-case hex, the event canonical JSON. */
export interface AuditRow {
  seq: number;
  leaf_hash: string;
  event: string;
}

type Row = { seq: number; leaf_hash: string; event: string };

export function insertEvent(
  sql: SqlStorage,
  row: {
    seq: number;
    nodes: ArrayBuffer;
    event: string;
    salts: string | null;
    appendedAt: number;
  },
): void {
  sql.exec(
    "INSERT INTO audit_log (seq, nodes, event, salts, appended_at) VALUES (?, ?, ?, ?, ?)",
    row.seq,
    row.nodes,
    row.event,
    row.salts,
    row.appendedAt,
  );
}

/** An event with what is kept of it beside its hashes. */
export interface LoggedEvent {
  /** RFC 8785 JSON. */
  event: string;
  salts: string | null;
  /** Unix milliseconds. */
  appendedAt: number;
}

/** All events after a number, oldest first. */
export function loggedAfter(sql: SqlStorage, seq: number): LoggedEvent[] {
  return sql
    .exec<{ event: string; salts: string | null; appended_at: number }>(
      "SELECT event, salts, appended_at FROM audit_log WHERE seq > ? ORDER BY seq",
      seq,
    )
    .toArray()
    .map(({ event, salts, appended_at }) => ({ event, salts, appendedAt: appended_at }));
}

/** For healing alone, and for what no signed head covers: see restore-from-copy.ts. */
export function deleteEventsAfter(sql: SqlStorage, seq: number): void {
  sql.exec("DELETE FROM audit_log WHERE seq > ?", seq);
}

/** Number and leaf of the newest event; 0 and nothing in an empty log. */
export function newestLeaf(sql: SqlStorage): { seq: number; leaf: Uint8Array } {
  const [row] = sql
    .exec<{ seq: number; leaf: ArrayBuffer }>(
      `SELECT seq, substr(nodes, 1, ${HASH_BYTES}) AS leaf FROM audit_log ORDER BY seq DESC LIMIT 1`,
    )
    .toArray();
  return row === undefined
    ? { seq: 0, leaf: new Uint8Array() }
    : { seq: row.seq, leaf: new Uint8Array(row.leaf) };
}

/** How many events the log holds; also the number of the newest. */
export function auditSize(sql: SqlStorage): number {
  return sql.exec<{ size: number }>("SELECT COALESCE(MAX(seq), 0) AS size FROM audit_log").one()
    .size;
}

/** The newest events before a number, newest first. */
export function eventsBefore(sql: SqlStorage, beforeSeq: number, limit: number): AuditRow[] {
  return sql
    .exec<Row>(
      `SELECT seq, lower(hex(substr(nodes, 1, ${HASH_BYTES}))) AS leaf_hash, event FROM audit_log
       WHERE seq < ? ORDER BY seq DESC LIMIT ?`,
      beforeSeq,
      limit,
    )
    .toArray();
}

/** What an event has to be; null where anything will do. */
export interface EventConditions {
  readonly clientId: string | null;
  readonly tool: string | null;
  /** Stands among the event's small facts. */
  readonly fact: string | null;
  readonly outcome: "ok" | "failed" | "refused" | null;
}

/** The newest events of a range of numbers, its end left out, that meet all conditions. */
export function eventsThatMeet(
  sql: SqlStorage,
  range: { fromSeq: number; toSeq: number },
  { clientId, tool, fact, outcome }: EventConditions,
  limit: number,
): AuditRow[] {
  return sql
    .exec<Row>(
      `SELECT seq, lower(hex(substr(nodes, 1, ${HASH_BYTES}))) AS leaf_hash, event FROM audit_log
       WHERE seq >= ?1 AND seq < ?2
         AND (?3 IS NULL OR event ->> '$.who.client_id' = ?3)
         AND (?4 IS NULL OR event ->> '$.what.tool' = ?4)
         AND (?5 IS NULL OR instr(event -> '$.meta', ':"' || ?5 || '"') > 0)
         AND (?6 IS NULL OR ?6 = CASE
           WHEN event ->> '$.what.decision' <> 'allow' THEN 'refused'
           WHEN event ->> '$.what.result' = 'error' THEN 'failed'
           ELSE 'ok' END)
       ORDER BY seq DESC LIMIT ?7`,
      range.fromSeq,
      range.toSeq,
      clientId,
      tool,
      fact,
      outcome,
      limit,
    )
    .toArray();
}

/** The next events after `seq`, oldest first, as they go to D1. */
export function auditRowsAfter(sql: SqlStorage, seq: number, limit: number): AuditRow[] {
  return sql
    .exec<Row>(
      `SELECT seq, lower(hex(substr(nodes, 1, ${HASH_BYTES}))) AS leaf_hash, event FROM audit_log
       WHERE seq > ? ORDER BY seq LIMIT ?`,
      seq,
      limit,
    )
    .toArray();
}

/** A row with what opens it, as its owner exports it. */
export interface ExportRow {
  seq: number;
  /** Lower-case hex. */
  leaf_hash: string;
  event: string;
  /** JSON of salts by field; null where it hides nothing or they were erased. */
  salts: string | null;
}

/** The next events after `seq`, oldest first. */
export function exportRows(sql: SqlStorage, seq: number, limit: number): ExportRow[] {
  return sql
    .exec<{ seq: number; leaf_hash: string; event: string; salts: string | null }>(
      `SELECT seq, lower(hex(substr(nodes, 1, ${HASH_BYTES}))) AS leaf_hash, event, salts
       FROM audit_log WHERE seq > ? ORDER BY seq LIMIT ?`,
      seq,
      limit,
    )
    .toArray();
}

/** The types of the events after `seq`, in no order. */
export function eventTypesAfter(sql: SqlStorage, seq: number, limit: number): (string | null)[] {
  return sql
    .exec<{ type: string | null }>(
      "SELECT json_extract(event, '$.type') AS type FROM audit_log WHERE seq > ? LIMIT ?",
      seq,
      limit,
    )
    .toArray()
    .map(({ type }) => type);
}

/** The events of a range of numbers, its end left out, that hold a text anywhere; JSON each. */
export function eventsWith(
  sql: SqlStorage,
  range: { fromSeq: number; toSeq: number },
  text: string,
): { seq: number; event: string }[] {
  return sql
    .exec<{ seq: number; event: string }>(
      "SELECT seq, event FROM audit_log WHERE seq >= ? AND seq < ? AND instr(event, ?) > 0",
      range.fromSeq,
      range.toSeq,
      text,
    )
    .toArray();
}

/**
 * How many events after a number say something that its owner may miss one day: all but those about
 * the owner's own sign-ins, the log itself and connections of PCs.
 */
export function countToKeep(sql: SqlStorage, afterSeq: number): number {
  return sql
    .exec<{ events: number }>(
      `SELECT COUNT(*) AS events FROM audit_log WHERE seq > ?
         AND event ->> '$.type' NOT GLOB 'owner.*' AND event ->> '$.type' NOT GLOB 'log.*'
         AND event ->> '$.type' NOT GLOB 'sidecar.*' AND event ->> '$.type' <> 'broker.session'`,
      afterSeq,
    )
    .one().events;
}

/** When an event was appended, in Unix milliseconds; null where there is none. */
export function appendedAt(sql: SqlStorage, seq: number): number | null {
  const [row] = sql
    .exec<{ appended_at: number }>("SELECT appended_at FROM audit_log WHERE seq = ?", seq)
    .toArray();
  return row?.appended_at ?? null;
}

/** The version that an event says it has; null where there is none. */
export function eventVersion(sql: SqlStorage, seq: number): number | null {
  const [row] = sql
    .exec<{ v: number }>("SELECT event ->> '$.v' AS v FROM audit_log WHERE seq = ?", seq)
    .toArray();
  return row?.v ?? null;
}

/** The salts of an event's commitments, JSON by field; null where it hides nothing or they are gone. */
export function storedSalts(sql: SqlStorage, seq: number): string | null {
  const [row] = sql
    .exec<{ salts: string | null }>("SELECT salts FROM audit_log WHERE seq = ?", seq)
    .toArray();
  return row?.salts ?? null;
}

/** Erases the salts of an event: nobody can confirm its private values any more, and no hash changes. */
export function eraseSalts(sql: SqlStorage, seq: number): void {
  sql.exec("UPDATE audit_log SET salts = NULL WHERE seq = ?", seq);
}

/** Erases the salts of a range of entries; how many entries had some. No hash changes. */
export function eraseSaltsBetween(sql: SqlStorage, afterSeq: number, throughSeq: number): number {
  return sql
    .exec(
      `UPDATE audit_log SET salts = NULL
       WHERE seq > ? AND seq <= ? AND salts IS NOT NULL RETURNING seq`,
      afterSeq,
      throughSeq,
    )
    .toArray().length;
}

/**
 * Erases the salts of the calls in a range that only read: those of orders (`trade.…`) and everything
 * that is no call keep theirs. No hash changes.
 */
export function eraseReadSaltsBetween(sql: SqlStorage, afterSeq: number, throughSeq: number): void {
  sql.exec(
    `UPDATE audit_log SET salts = NULL
     WHERE seq > ? AND seq <= ? AND salts IS NOT NULL
       AND event ->> '$.type' IN ('tool.call', 'tool.refused')
       AND COALESCE(event ->> '$.what.operation', '') NOT GLOB 'trade.*'`,
    afterSeq,
    throughSeq,
  );
}

/** One Merkle node of the row of an event: the level's subtree that this event's leaf completes. */
export function storedNode(sql: SqlStorage, seq: number, level: number): Uint8Array {
  const { nodes } = sql
    .exec<{ nodes: ArrayBuffer }>(
      `SELECT substr(nodes, ?, ${HASH_BYTES}) AS nodes FROM audit_log WHERE seq = ?`,
      level * HASH_BYTES + 1,
      seq,
    )
    .one();
  return new Uint8Array(nodes);
}
