/** What each PC of the account said last of the log's heads. */
export type WitnessState = "whole" | "rolled_back" | "forked" | "another_log";

export type WitnessRow = {
  sidecar_id: string;
  /** The PC's verifier key; null before it first cosigned. */
  vkey: string | null;
  /** The size that it cosigned last. */
  size: number;
  /** That head, with the log's signatures and the PC's. */
  note: string | null;
  /** Unix milliseconds. */
  cosigned_at: number | null;
  state: WitnessState;
  answered_at: number;
};

const COLUMNS = "sidecar_id, vkey, size, note, cosigned_at, state, answered_at";

export function findWitness(sql: SqlStorage, sidecarId: string): WitnessRow | null {
  const [row] = sql
    .exec<WitnessRow>(`SELECT ${COLUMNS} FROM audit_witnesses WHERE sidecar_id = ?`, sidecarId)
    .toArray();
  return row ?? null;
}

/** The PC that answered last. */
export function latestWitness(sql: SqlStorage): WitnessRow | null {
  const [row] = sql
    .exec<WitnessRow>(`SELECT ${COLUMNS} FROM audit_witnesses ORDER BY answered_at DESC LIMIT 1`)
    .toArray();
  return row ?? null;
}

/** All of them, the one that answered last first. */
export function allWitnesses(sql: SqlStorage): WitnessRow[] {
  return sql
    .exec<WitnessRow>(`SELECT ${COLUMNS} FROM audit_witnesses ORDER BY answered_at DESC`)
    .toArray();
}

export function storeWitness(sql: SqlStorage, row: WitnessRow): void {
  sql.exec(
    `INSERT OR REPLACE INTO audit_witnesses (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    row.sidecar_id,
    row.vkey,
    row.size,
    row.note,
    row.cosigned_at,
    row.state,
    row.answered_at,
  );
}
