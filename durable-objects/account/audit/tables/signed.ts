/** The account's log as it is signed; one row, made when the log is opened. */
export interface SignedLog {
  /** 16 random bytes, lower-case hex. */
  readonly logId: string;
  /** The log's lasting name: its address without scheme. */
  readonly origin: string;
  /** The verifier key whose signature counts. */
  readonly vkey: string;
  /** Whether the Worker can find the account by the log's id. */
  readonly listed: boolean;
  /** How many events the newest head covers; 0 before the first. */
  readonly size: number;
  /** The newest head, a signed note; null before the first. */
  readonly note: string | null;
  /** Unix milliseconds of the newest head. */
  readonly signedAt: number;
}

type Row = {
  log_id: string;
  origin: string;
  vkey: string;
  listed: number;
  size: number;
  note: string | null;
  signed_at: number;
};

export function readSignedLog(sql: SqlStorage): SignedLog | null {
  const [row] = sql
    .exec<Row>("SELECT log_id, origin, vkey, listed, size, note, signed_at FROM audit_signed")
    .toArray();
  return row === undefined
    ? null
    : {
        logId: row.log_id,
        origin: row.origin,
        vkey: row.vkey,
        listed: row.listed === 1,
        size: row.size,
        note: row.note,
        signedAt: row.signed_at,
      };
}

export function openSignedLog(
  sql: SqlStorage,
  log: Pick<SignedLog, "logId" | "origin" | "vkey">,
): void {
  sql.exec(
    "INSERT INTO audit_signed VALUES (1, ?, ?, ?, 0, 0, NULL, 0)",
    log.logId,
    log.origin,
    log.vkey,
  );
}

/** Takes a newer head, and nothing that is older than the one there is; false then. */
export function storeHead(
  sql: SqlStorage,
  head: { size: number; note: string; signedAt: number; vkey: string },
): boolean {
  const taken = sql.exec<{ size: number }>(
    "UPDATE audit_signed SET size = ?, note = ?, signed_at = ?, vkey = ? WHERE size < ? RETURNING size",
    head.size,
    head.note,
    head.signedAt,
    head.vkey,
    head.size,
  );
  return taken.toArray().length > 0;
}

/** The Worker finds the account by the log's id from now on. */
export function noteListed(sql: SqlStorage): void {
  sql.exec("UPDATE audit_signed SET listed = 1");
}
