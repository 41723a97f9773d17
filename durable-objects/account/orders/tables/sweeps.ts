/**
 * How far a table was looked through for rows that nothing needs any more: a little at a time, where
 * an index that finds them would cost a row with each one that is written.
 */

/** What was kept last, as it was given; null before the first time, and after the end. */
export function sweptTo(sql: SqlStorage, table: string): string | null {
  const [row] = sql
    .exec<{ after: string }>("SELECT after FROM order_sweeps WHERE swept = ?", table)
    .toArray();
  return row?.after ?? null;
}

export function noteSwept(sql: SqlStorage, table: string, after: string): void {
  sql.exec(
    `INSERT INTO order_sweeps (swept, after) VALUES (?, ?)
     ON CONFLICT (swept) DO UPDATE SET after = excluded.after`,
    table,
    after,
  );
}

/** It begins again from the first row. */
export function endSweep(sql: SqlStorage, table: string): void {
  sql.exec("DELETE FROM order_sweeps WHERE swept = ?", table);
}
