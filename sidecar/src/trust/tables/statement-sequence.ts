import type { DatabaseSync } from "node:sqlite";

/** One sequence for all that this PC signs of its own doing: a gap in it is a statement withheld. */
export const STATEMENT_SEQUENCE_SCHEMA = `
CREATE TABLE IF NOT EXISTS statement_sequence (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  last INTEGER NOT NULL
) STRICT;
`;

/** The next number, from 1; written before it is used, so that none is given twice. */
export function nextStatementSeq(db: DatabaseSync): number {
  const row = db
    .prepare(
      `INSERT INTO statement_sequence (one, last) VALUES (1, 1)
       ON CONFLICT (one) DO UPDATE SET last = last + 1 RETURNING last`,
    )
    .get();
  return Number(row?.last);
}
