import { chmodSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { TERMINAL_STATES } from "@ibkr-edge-gateway/protocol/orders/state.ts";
import { BrokerMessage, Ticket } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { CapsAtPreview } from "../../trust/caps.ts";
import { createTrustTables } from "../../trust/schema.ts";
import { pruneNumbers } from "../../trust/shown-numbers.ts";
import { pruneNonces } from "../../trust/tables/nonces.ts";
import { ORDER_LIMITS } from "../limits.ts";
import { IntentRecord } from "./record.ts";
import { ORDERS_SCHEMA } from "./tables/schema.ts";

/** A ticket this sidecar made. */
export interface KeptPreview {
  ticket: Ticket;
  generation: number;
  /** The number shown at this PC; null when none was. */
  echo: number | null;
  madeAt: number;
  /** What had gone out by then; null when that was not kept. */
  usage: CapsAtPreview | null;
}

/** What this sidecar prepared, was about to send, sent, and what became of it. */
export interface OrderStore {
  /** For the trust functions, which keep their tables beside these. */
  readonly db: DatabaseSync;
  keepPreview(id: string, preview: KeptPreview): void;
  preview(id: string, nowMs: number): KeptPreview | null;
  setEcho(id: string, echo: number): void;
  /** False when the reference, the job or the intent was there before. */
  insert(record: IntentRecord): boolean;
  /** All of them, or none. */
  save(...records: IntentRecord[]): void;
  intent(coid: string): IntentRecord | null;
  /** The intent that a reference of the broker's list, a group member's included, belongs to. */
  byRef(orderRef: string): IntentRecord | null;
  byOrderId(orderId: string): IntentRecord | null;
  /** Whether a reference, or the id of an order without one, is this sidecar's. */
  owns(refOrId: string): boolean;
  /** Intents that are not proved to have ended. */
  open(): IntentRecord[];
  /** Intents that are proved to have ended, and of which something was learnt since then. */
  endedSince(sinceMs: number): IntentRecord[];
  /** How many intents begun since then may have been sent. */
  sentSince(sinceMs: number): number;
  /** Those of them that were sent under one mandate. */
  sentUnder(mandateHash: string, sinceMs: number): IntentRecord[];
  noteQuestion(kind: string, message: BrokerMessage, nowMs: number): void;
  /** Questions the broker is known to ask of every order of this kind. */
  routineQuestions(kind: string): BrokerMessage[];
  prune(nowMs: number): void;
  close(): void;
}

const REMEMBERED = 2_000;
const TERMINAL = TERMINAL_STATES.map((state) => `'${state}'`).join(",");

/** Opens the store. The command line may look into it beside the running sidecar. */
export function openOrderStore(path: string): OrderStore {
  const db = new DatabaseSync(path);
  db.exec("PRAGMA busy_timeout = 5000");
  if (path !== ":memory:") {
    chmodSync(path, 0o600);
    db.exec("PRAGMA journal_mode = WAL");
  }
  db.exec("PRAGMA synchronous = FULL");
  createTrustTables(db);
  db.exec(ORDERS_SCHEMA);
  db.exec(
    `CREATE INDEX IF NOT EXISTS intents_open ON intents (coid) WHERE state NOT IN (${TERMINAL})`,
  );

  const parsed = (row: Record<string, unknown> | undefined): IntentRecord | null =>
    row === undefined ? null : IntentRecord.parse(JSON.parse(String(row.record)));
  const all = (rows: Record<string, unknown>[]): IntentRecord[] =>
    rows.flatMap((row) => parsed(row) ?? []);
  const noteIds = (record: IntentRecord): void => {
    for (const { order_id } of record.orders) {
      if (order_id === null || record.action === "modify") continue;
      db.prepare("INSERT INTO order_ids VALUES (?, ?) ON CONFLICT (order_id) DO NOTHING").run(
        order_id,
        record.coid,
      );
    }
  };
  /** Records as last written by this process, which alone writes them; they are never changed in place. */
  const known = new Map<string, IntentRecord>();
  const remember = (record: IntentRecord): void => {
    known.delete(record.coid);
    known.set(record.coid, record);
    if (known.size <= REMEMBERED) return;
    const oldest = known.keys().next();
    if (!oldest.done) known.delete(oldest.value);
  };
  const intent = (coid: string): IntentRecord | null => {
    const held = known.get(coid);
    if (held !== undefined) return held;
    const read = parsed(db.prepare("SELECT record FROM intents WHERE coid = ?").get(coid));
    if (read !== null) remember(read);
    return read;
  };

  const byRef = (ref: string): IntentRecord | null =>
    intent(ref) ?? intent(ref.replace(/-[a-z]$/, ""));
  const byOrderId = (orderId: string): IntentRecord | null => {
    const row = db.prepare("SELECT coid FROM order_ids WHERE order_id = ?").get(orderId);
    return row === undefined ? null : intent(String(row.coid));
  };

  return {
    db,
    byRef,
    byOrderId,
    owns: (refOrId) => byRef(refOrId) !== null || byOrderId(refOrId) !== null,
    keepPreview(id, { ticket, generation, echo, madeAt, usage }) {
      if (usage !== null) {
        db.prepare("INSERT INTO preview_usage VALUES (?, ?)").run(id, JSON.stringify(usage));
      }
      db.prepare("INSERT INTO previews VALUES (?, ?, ?, ?, ?)").run(
        id,
        JSON.stringify(ticket),
        generation,
        echo,
        madeAt,
      );
    },
    preview(id, nowMs) {
      const row = db.prepare("SELECT * FROM previews WHERE preview_id = ?").get(id);
      if (row === undefined || nowMs - Number(row.made_at) > ORDER_LIMITS.previewKeptMs)
        return null;
      const used = db.prepare("SELECT usage FROM preview_usage WHERE preview_id = ?").get(id);
      return {
        ticket: Ticket.parse(JSON.parse(String(row.ticket))),
        generation: Number(row.generation),
        echo: row.echo === null ? null : Number(row.echo),
        madeAt: Number(row.made_at),
        usage: used === undefined ? null : CapsAtPreview.parse(JSON.parse(String(used.usage))),
      };
    },
    setEcho(id, echo) {
      db.prepare("UPDATE previews SET echo = ? WHERE preview_id = ? AND echo IS NULL").run(
        echo,
        id,
      );
    },
    insert(record) {
      const { changes } = db
        .prepare("INSERT INTO intents VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
        .run(
          record.coid,
          record.job_id,
          record.intent_hash,
          record.state,
          record.sent ? 1 : 0,
          record.created_at,
          JSON.stringify(record),
        );
      if (Number(changes) === 1) remember(record);
      return Number(changes) === 1;
    },
    save(...records) {
      db.exec("BEGIN IMMEDIATE");
      try {
        for (const record of records) {
          db.prepare("UPDATE intents SET state = ?, sent = ?, record = ? WHERE coid = ?").run(
            record.state,
            record.sent ? 1 : 0,
            JSON.stringify(record),
            record.coid,
          );
          noteIds(record);
        }
        db.exec("COMMIT");
      } catch (thrown) {
        if (db.isTransaction) db.exec("ROLLBACK");
        throw thrown;
      }
      for (const record of records) remember(record);
    },
    intent,
    open: () =>
      db
        .prepare(`SELECT coid FROM intents WHERE state NOT IN (${TERMINAL})`)
        .all()
        .flatMap(({ coid }) => intent(String(coid)) ?? []),
    endedSince: (sinceMs) =>
      all(
        db
          .prepare(
            `SELECT record FROM intents WHERE sent = 1 AND state IN (${TERMINAL}) AND json_extract(record, '$.updated_at') >= ?`,
          )
          .all(sinceMs),
      ),
    sentSince: (sinceMs) =>
      Number(
        db
          .prepare("SELECT COUNT(*) AS count FROM intents WHERE sent = 1 AND created_at > ?")
          .get(sinceMs)?.count ?? 0,
      ),
    sentUnder: (hash, sinceMs) =>
      all(
        db
          .prepare(
            "SELECT record FROM intents WHERE sent = 1 AND created_at > ? AND json_extract(record, '$.mandate_hash') = ?",
          )
          .all(sinceMs, hash),
      ),
    noteQuestion(kind, message, nowMs) {
      if (message.message_id === null) return;
      db.prepare(
        "INSERT INTO routine_questions VALUES (?, ?, ?, ?) ON CONFLICT (kind, message_id) DO UPDATE SET message = excluded.message, seen_at = excluded.seen_at",
      ).run(kind, message.message_id, JSON.stringify(message), nowMs);
    },
    routineQuestions: (kind) =>
      db
        .prepare("SELECT message FROM routine_questions WHERE kind = ? ORDER BY message_id")
        .all(kind)
        .map((row) => BrokerMessage.parse(JSON.parse(String(row.message)))),
    prune(nowMs) {
      db.prepare("DELETE FROM previews WHERE made_at < ?").run(
        nowMs - 2 * ORDER_LIMITS.previewKeptMs,
      );
      db.exec(
        "DELETE FROM preview_usage WHERE preview_id NOT IN (SELECT preview_id FROM previews)",
      );
      pruneNumbers(db, nowMs - 2 * ORDER_LIMITS.previewKeptMs);
      known.clear();
      db.prepare(`DELETE FROM intents WHERE state IN (${TERMINAL}) AND created_at < ?`).run(
        nowMs - ORDER_LIMITS.intentKeptMs,
      );
      pruneNonces(db, nowMs, ORDER_LIMITS.nonceKeptMs);
    },
    close: () => db.close(),
  };
}
