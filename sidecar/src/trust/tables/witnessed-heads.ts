import type { DatabaseSync } from "node:sqlite";

/** The heads that this PC cosigned, by line and size. */
export interface HeadRow {
  readonly size: number;
  readonly root: Uint8Array;
  readonly note: string;
  /** Unix milliseconds. */
  readonly at: number;
}

/** The number that the next line gets. */
export function nextLine(db: DatabaseSync): number {
  const row = db.prepare("SELECT COALESCE(MAX(line), 0) + 1 AS line FROM witnessed_heads").get();
  return Number(row?.line ?? 1);
}

/** The head that was cosigned last; null when none was. */
export function newestHead(db: DatabaseSync, line: number): HeadRow | null {
  const row = db
    .prepare("SELECT * FROM witnessed_heads WHERE line = ? ORDER BY size DESC LIMIT 1")
    .get(line);
  return row === undefined ? null : headOf(row, "cosigned_at");
}

/** The head of exactly that size; null when none was cosigned, or it was thinned out. */
export function headAt(db: DatabaseSync, line: number, size: number): HeadRow | null {
  const row = db
    .prepare("SELECT * FROM witnessed_heads WHERE line = ? AND size = ?")
    .get(line, size);
  return row === undefined ? null : headOf(row, "cosigned_at");
}

export function keepHead(db: DatabaseSync, line: number, head: HeadRow): void {
  db.prepare(
    `INSERT INTO witnessed_heads (line, size, root, note, cosigned_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (line, size) DO UPDATE SET note = excluded.note, cosigned_at = excluded.cosigned_at`,
  ).run(line, head.size, head.root, head.note, head.at);
}

/** Of each day before a moment the last head stays: what proves a fork does not need more. */
export function thinHeads(db: DatabaseSync, beforeMs: number): void {
  db.prepare(
    `DELETE FROM witnessed_heads WHERE cosigned_at < ?1 AND (line, size) NOT IN
       (SELECT line, MAX(size) FROM witnessed_heads WHERE cosigned_at < ?1
        GROUP BY line, cosigned_at / 86400000)`,
  ).run(beforeMs);
}

/** A row of one of the tables of heads; `time` is its column of when. */
export function headOf(row: Record<string, unknown>, time: "cosigned_at" | "shown_at"): HeadRow {
  if (!(row.root instanceof Uint8Array)) {
    throw new TypeError("a table of heads holds a row of another shape");
  }
  return {
    size: Number(row.size),
    root: new Uint8Array(row.root),
    note: String(row.note),
    at: Number(row[time]),
  };
}
