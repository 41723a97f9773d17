import type { DatabaseSync } from "node:sqlite";
import { IntentRecord } from "./intent-record.ts";
import {
  coidOfPreview,
  countSentSince,
  countTradingSince,
  deleteEndedBefore,
  insertIntent,
  intentRecord,
  newestSentAt,
  openCoids,
  recordsEndedSince,
  recordsSentUnder,
  updateIntent,
} from "./tables/intents.ts";
import { coidOfOrderId, forgetOrderIds, noteOrderId } from "./tables/order-ids.ts";

/** Every intent, with the broker's ids of its orders. */
export interface Intents {
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
  /** Whether an order of this preview was sent, begun since then, or is under way. */
  hasOrderOf(previewId: string, sinceMs: number): boolean;
  /** Intents that are not proved to have ended. */
  open(): IntentRecord[];
  /** Intents that are proved to have ended, and of which something was learnt since then. */
  endedSince(sinceMs: number): IntentRecord[];
  /** How many intents begun since then may have been sent. */
  sentSince(sinceMs: number): number;
  /** When the newest that may have been sent was begun, Unix milliseconds. */
  lastSentAt(): number | null;
  /** The same, where one that waited for its market to open counts from that opening on. */
  tradingSince(sinceMs: number): number;
  /** Those of these that were sent under one mandate. */
  sentUnder(mandateHash: string, sinceMs: number): IntentRecord[];
}

const REMEMBERED = 2_000;
/** Deleted in one turn, so that nothing else waits for long. */
const AT_ONCE = 200;

const parsed = (json: string): IntentRecord => IntentRecord.parse(JSON.parse(json));

const rowOf = (record: IntentRecord) => ({
  coid: record.coid,
  state: record.state,
  sent: record.sent,
  record: JSON.stringify(record),
});

export function createIntents(
  db: DatabaseSync,
): Intents & { prune(writtenBeforeMs: number): boolean } {
  const recent = createRecent();
  const intent = (coid: string): IntentRecord | null => {
    const held = recent.get(coid);
    if (held !== undefined) return held;
    const json = intentRecord(db, coid);
    return json === null ? null : recent.keep(parsed(json));
  };
  const byRef = (ref: string): IntentRecord | null =>
    intent(ref) ?? intent(ref.replace(/-[a-z]$/, ""));
  const byOrderId = (orderId: string): IntentRecord | null => {
    const coid = coidOfOrderId(db, orderId);
    return coid === null ? null : intent(coid);
  };

  return {
    intent,
    byRef,
    byOrderId,
    owns: (refOrId) => byRef(refOrId) !== null || byOrderId(refOrId) !== null,
    hasOrderOf: (previewId, sinceMs) => coidOfPreview(db, previewId, sinceMs) !== null,
    insert(record) {
      const { job_id: jobId, intent_hash: intentHash, created_at: createdAtMs } = record;
      const taken = insertIntent(db, { ...rowOf(record), jobId, intentHash, createdAtMs });
      if (taken) recent.keep(record);
      return taken;
    },
    save(...records) {
      saveTogether(db, records);
      for (const record of records) recent.keep(record);
    },
    open: () => openCoids(db).flatMap((coid) => intent(coid) ?? []),
    endedSince: (sinceMs) => recordsEndedSince(db, sinceMs).map(parsed),
    sentSince: (sinceMs) => countSentSince(db, sinceMs),
    lastSentAt: () => newestSentAt(db),
    tradingSince: (sinceMs) => countTradingSince(db, sinceMs),
    sentUnder: (hash, sinceMs) => recordsSentUnder(db, hash, sinceMs).map(parsed),
    prune(writtenBeforeMs) {
      const gone = deleteEndedBefore(db, writtenBeforeMs, AT_ONCE);
      for (const { coid, orders } of gone) {
        recent.drop(coid);
        forgetOrderIds(db, coid, orders);
      }
      return gone.length < AT_ONCE;
    },
  };
}

function saveTogether(db: DatabaseSync, records: readonly IntentRecord[]): void {
  db.exec("BEGIN IMMEDIATE");
  try {
    for (const record of records) {
      updateIntent(db, rowOf(record));
      noteIds(db, record);
    }
    db.exec("COMMIT");
  } catch (thrown) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw thrown;
  }
}

/** A change keeps the id of the order that it changes: that id is the changed order's own. */
function noteIds(db: DatabaseSync, record: IntentRecord): void {
  if (record.action === "modify") return;
  for (const { order_id } of record.orders) {
    if (order_id !== null) noteOrderId(db, order_id, record.coid);
  }
}

/** Records as last written by this process, which alone writes them; they are never changed in place. */
function createRecent() {
  const records = new Map<string, IntentRecord>();
  return {
    get: (coid: string): IntentRecord | undefined => records.get(coid),
    keep(record: IntentRecord): IntentRecord {
      records.delete(record.coid);
      records.set(record.coid, record);
      if (records.size > REMEMBERED) {
        const oldest = records.keys().next();
        if (!oldest.done) records.delete(oldest.value);
      }
      return record;
    },
    drop: (coid: string): boolean => records.delete(coid),
  };
}
