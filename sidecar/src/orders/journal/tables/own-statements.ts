import type { DatabaseSync } from "node:sqlite";

/**
 * What this PC sent to the broker and read back, as it signed it: one row for each statement, in the
 * order in which they were made. `chain` is the hash over this statement and all before it; `matched`
 * says what became of an order that was held against the broker's book.
 */
export const OWN_STATEMENTS_SCHEMA = `
CREATE TABLE IF NOT EXISTS own_statements (
  pc_seq INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  coid TEXT,
  account_id TEXT,
  statement TEXT NOT NULL,
  chain BLOB NOT NULL,
  made_at INTEGER NOT NULL,
  matched TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS own_statements_coid ON own_statements (coid, kind);
CREATE INDEX IF NOT EXISTS own_statements_sent ON own_statements (account_id, made_at)
  WHERE kind = 'sent';
CREATE INDEX IF NOT EXISTS own_statements_open ON own_statements (account_id)
  WHERE kind = 'sent' AND matched IS NULL;
`;

/** How an order ended in the book: found there, refused by the broker, or not shown any more. */
export type Matched = "found" | "refused" | "gone";

export interface OwnStatementRow {
  readonly pcSeq: number;
  readonly kind: string;
  readonly coid: string | null;
  readonly accountId: string | null;
  /** JSON of body and signature. */
  readonly statement: string;
  readonly chain: Uint8Array;
  readonly madeAtMs: number;
  readonly matched: string | null;
}

export function insertOwnStatement(db: DatabaseSync, row: Omit<OwnStatementRow, "matched">): void {
  db.prepare(
    `INSERT INTO own_statements (pc_seq, kind, coid, account_id, statement, chain, made_at)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  ).run(row.pcSeq, row.kind, row.coid, row.accountId, row.statement, row.chain, row.madeAtMs);
}

/** The newest one; null in an empty book. */
export function newestOwnStatement(db: DatabaseSync): OwnStatementRow | null {
  return one(db.prepare("SELECT * FROM own_statements ORDER BY pc_seq DESC LIMIT 1").get());
}

/** When the book began, Unix milliseconds; null in an empty one. */
export function bookBeganAt(db: DatabaseSync): number | null {
  const row = db.prepare("SELECT made_at FROM own_statements ORDER BY pc_seq LIMIT 1").get();
  return typeof row?.made_at === "number" ? row.made_at : null;
}

/** The newest statement of a kind about an order. */
export function ownStatementOf(
  db: DatabaseSync,
  coid: string,
  kind: string,
): OwnStatementRow | null {
  return one(
    db
      .prepare(
        "SELECT * FROM own_statements WHERE coid = ? AND kind = ? ORDER BY pc_seq DESC LIMIT 1",
      )
      .get(coid, kind),
  );
}

/** Orders sent in an account since a moment, or not held against the book yet; the oldest first. */
export function sentSince(db: DatabaseSync, accountId: string, sinceMs: number): OwnStatementRow[] {
  return db
    .prepare(
      `SELECT * FROM own_statements INDEXED BY own_statements_sent
       WHERE kind = 'sent' AND account_id = ?1 AND made_at >= ?2
       UNION ALL
       SELECT * FROM own_statements INDEXED BY own_statements_open
       WHERE kind = 'sent' AND account_id = ?1 AND matched IS NULL AND made_at < ?2
       ORDER BY pc_seq`,
    )
    .all(accountId, sinceMs)
    .map(ownStatement);
}

/** The newest so many statements about orders of an account, oldest first. */
export function latestOwnStatements(
  db: DatabaseSync,
  accountId: string,
  limit: number,
): OwnStatementRow[] {
  return db
    .prepare(
      `SELECT * FROM own_statements WHERE account_id = ? AND kind IN ('sent', 'result')
       ORDER BY pc_seq DESC LIMIT ?`,
    )
    .all(accountId, limit)
    .map(ownStatement)
    .reverse();
}

/** Orders of an account that the broker shows no more, the newest so many. */
export function goneOrders(db: DatabaseSync, accountId: string, limit: number): string[] {
  return db
    .prepare(
      `SELECT coid FROM own_statements WHERE account_id = ? AND matched = 'gone'
       ORDER BY pc_seq DESC LIMIT ?`,
    )
    .all(accountId, limit)
    .map(({ coid }) => String(coid));
}

/** After a number, oldest first. */
export function ownStatementsAfter(
  db: DatabaseSync,
  pcSeq: number,
  limit: number,
): OwnStatementRow[] {
  return db
    .prepare("SELECT * FROM own_statements WHERE pc_seq > ? ORDER BY pc_seq LIMIT ?")
    .all(pcSeq, limit)
    .map(ownStatement);
}

export function noteMatched(db: DatabaseSync, pcSeq: number, matched: Matched): void {
  db.prepare("UPDATE own_statements SET matched = ? WHERE pc_seq = ?").run(matched, pcSeq);
}

const one = (row: Record<string, unknown> | undefined): OwnStatementRow | null =>
  row === undefined ? null : ownStatement(row);

function ownStatement(row: Record<string, unknown>): OwnStatementRow {
  if (!(row.chain instanceof Uint8Array)) {
    throw new TypeError("own_statements holds a row of another shape");
  }
  const text = (value: unknown): string | null => (typeof value === "string" ? value : null);
  return {
    pcSeq: Number(row.pc_seq),
    kind: String(row.kind),
    coid: text(row.coid),
    accountId: text(row.account_id),
    statement: String(row.statement),
    chain: new Uint8Array(row.chain),
    madeAtMs: Number(row.made_at),
    matched: text(row.matched),
  };
}
