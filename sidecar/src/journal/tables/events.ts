import type { DatabaseSync } from "node:sqlite";

export interface EventRow {
  readonly seq: number;
  readonly type: string;
  /** JSON text. */
  readonly payload: string;
}

/** What the edge has not acknowledged. */
export interface EventsTable {
  /** Throws when the number is taken. */
  insert(row: EventRow & { bytes: number; jobId: string | null }): void;
  removeThrough(seq: number): void;
  after(seq: number, limit: number): EventRow[];
  /** Of all payloads together. */
  bytes(): number;
  /** Gives every event a number that is lower by `lowerBy`. */
  renumber(lowerBy: number, newestSeq: number): void;
}

export function eventsTable(db: DatabaseSync): EventsTable {
  const insert = db.prepare(
    "INSERT INTO events (seq, type, payload, bytes, job_id) VALUES (?, ?, ?, ?, ?)",
  );
  const remove = db.prepare("DELETE FROM events WHERE seq <= ?");
  const after = db.prepare(
    "SELECT seq, type, payload FROM events WHERE seq > ? ORDER BY seq LIMIT ?",
  );
  const bytes = db.prepare("SELECT COALESCE(SUM(bytes), 0) AS bytes FROM events");
  return {
    insert: (row) => void insert.run(row.seq, row.type, row.payload, row.bytes, row.jobId),
    removeThrough: (seq) => void remove.run(seq),
    after: (seq, limit) =>
      after.all(seq, limit).map((row) => ({
        seq: Number(row.seq),
        type: String(row.type),
        payload: String(row.payload),
      })),
    bytes: () => Number(bytes.get()?.bytes ?? 0),
    renumber(lowerBy, newestSeq) {
      // Upwards and then down: the new numbers never collide with old ones on the way.
      db.prepare("UPDATE events SET seq = seq + ?").run(newestSeq);
      db.prepare("UPDATE events SET seq = seq - ?").run(newestSeq + lowerBy);
    },
  };
}
