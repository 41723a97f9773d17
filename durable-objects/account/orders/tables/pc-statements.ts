/**
 * What the PC stated and signed of an order: what it sent, and what it read back last. One row for each
 * order, in a PC's own words; `gone` once the broker shows the order no more.
 */
export const PC_STATEMENTS_SCHEMA = `
CREATE TABLE order_pc_statements (
  coid TEXT PRIMARY KEY,
  sidecar_id TEXT NOT NULL,
  pc_key TEXT NOT NULL,
  sent TEXT,
  result TEXT,
  gone INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
`;

export type PcStatementsRow = {
  coid: string;
  sidecar_id: string;
  /** The PC's statement key, base64url. */
  pc_key: string;
  /** JSON of body and signature, as everywhere here. */
  sent: string | null;
  result: string | null;
  gone: number;
};

export function pcStatements(sql: SqlStorage, coid: string): PcStatementsRow | null {
  const [row] = sql
    .exec<PcStatementsRow>(
      "SELECT coid, sidecar_id, pc_key, sent, result, gone FROM order_pc_statements WHERE coid = ?",
      coid,
    )
    .toArray();
  return row ?? null;
}

/** Writes nothing where it says nothing new; whether it did. */
export function keepPcStatement(
  sql: SqlStorage,
  told: {
    coid: string;
    sidecarId: string;
    pcKey: string;
    kind: "sent" | "result";
    statement: string;
  },
): boolean {
  const before = pcStatements(sql, told.coid);
  // What was sent is stated once; a result is stated anew when the broker shows something else.
  if (told.kind === "sent" ? before?.sent != null : before?.result === told.statement) return false;
  sql.exec(
    `INSERT INTO order_pc_statements (coid, sidecar_id, pc_key, ${COLUMN[told.kind]})
     VALUES (?, ?, ?, ?)
     ON CONFLICT (coid) DO UPDATE SET ${COLUMN[told.kind]} = excluded.${COLUMN[told.kind]}`,
    told.coid,
    told.sidecarId,
    told.pcKey,
    told.statement,
  );
  return true;
}

const COLUMN = { sent: "sent", result: "result" } as const;

/** True the first time. */
export function noteGone(sql: SqlStorage, coid: string): boolean {
  return (
    sql
      .exec("UPDATE order_pc_statements SET gone = 1 WHERE coid = ? AND gone = 0 RETURNING 1", coid)
      .toArray().length > 0
  );
}
