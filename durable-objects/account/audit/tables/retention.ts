/** How long an account keeps what opens its log's private values, and how far that is done. */
export const AUDIT_RETENTION_SCHEMA = `
CREATE TABLE audit_retention (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  years INTEGER NOT NULL,
  exported_through INTEGER NOT NULL,
  erased_through INTEGER NOT NULL
) STRICT;
INSERT INTO audit_retention VALUES (1, 7, 0, 0);
`;

/** How far what opens reads is erased, which is kept for a shorter time. */
export const READ_RETENTION_SCHEMA =
  "ALTER TABLE audit_retention ADD COLUMN reads_erased_through INTEGER NOT NULL DEFAULT 0;";

export type Retention = {
  years: number;
  /** The owner has exported every entry up to this number. */
  exported_through: number;
  /** Up to here what opens private values is erased. */
  erased_through: number;
};

export function readRetention(sql: SqlStorage): Retention {
  return sql
    .exec<Retention>("SELECT years, exported_through, erased_through FROM audit_retention")
    .one();
}

export function setRetentionYears(sql: SqlStorage, years: number): void {
  sql.exec("UPDATE audit_retention SET years = ?", years);
}

/** Entries that lie on the owner's PC; a part counts where it goes on from what was taken before. */
export function noteExported(sql: SqlStorage, fromIndex: number, end: number): void {
  sql.exec(
    "UPDATE audit_retention SET exported_through = ?2 WHERE exported_through >= ?1 AND exported_through < ?2",
    fromIndex,
    end,
  );
}

export function noteErased(sql: SqlStorage, through: number): void {
  sql.exec("UPDATE audit_retention SET erased_through = ?", through);
}

/** Up to here what opens the values of reads is erased. */
export function readsErasedThrough(sql: SqlStorage): number {
  return sql
    .exec<{ through: number }>("SELECT reads_erased_through AS through FROM audit_retention")
    .one().through;
}

export function noteReadsErased(sql: SqlStorage, through: number): void {
  sql.exec("UPDATE audit_retention SET reads_erased_through = ?", through);
}
