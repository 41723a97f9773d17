import type { DatabaseSync } from "node:sqlite";

export type LogState = "whole" | "rolled_back" | "forked" | "another_log";

export interface WitnessedLogRow {
  readonly line: number;
  readonly origin: string;
  readonly vkey: string;
  readonly state: LogState;
  /** Unix milliseconds. */
  readonly since: number;
  /** The head that differs, and the key shown with it; null while the log is whole. */
  readonly shownNote: string | null;
  readonly shownVkey: string | null;
}

const STATES: readonly LogState[] = ["whole", "rolled_back", "forked", "another_log"];

export function readWitnessedLog(db: DatabaseSync): WitnessedLogRow | null {
  const row = db.prepare("SELECT * FROM witnessed_log").get();
  if (row === undefined) return null;
  const state = STATES.find((one) => one === row.state);
  if (state === undefined) throw new TypeError("witnessed_log holds a row of another shape");
  return {
    line: Number(row.line),
    origin: String(row.origin),
    vkey: String(row.vkey),
    state,
    since: Number(row.since),
    shownNote: typeof row.shown_note === "string" ? row.shown_note : null,
    shownVkey: typeof row.shown_vkey === "string" ? row.shown_vkey : null,
  };
}

export function writeWitnessedLog(db: DatabaseSync, row: WitnessedLogRow): void {
  db.prepare(
    `INSERT OR REPLACE INTO witnessed_log (one, line, origin, vkey, state, since, shown_note, shown_vkey)
     VALUES (1, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(row.line, row.origin, row.vkey, row.state, row.since, row.shownNote, row.shownVkey);
}

/** Nothing is held any more; the older lines stay. */
export function endWitnessedLog(db: DatabaseSync): void {
  db.exec("DELETE FROM witnessed_log");
}
