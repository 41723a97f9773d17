import type { DatabaseSync } from "node:sqlite";

/** What this PC has told its owner once and does not tell again. */
export const TRUST_NOTES_SCHEMA = `
CREATE TABLE IF NOT EXISTS trust_notes (
  name TEXT PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

/** True the first time this is asked of a name. */
export function noteOnce(db: DatabaseSync, name: string, nowMs: number): boolean {
  const { changes } = db
    .prepare("INSERT INTO trust_notes (name, at) VALUES (?, ?) ON CONFLICT (name) DO NOTHING")
    .run(name, nowMs);
  return Number(changes) === 1;
}
