/** The one session there is or was last; JSON of the relay's own making. Null before the first. */
export function storedSession(sql: SqlStorage): string | null {
  const [row] = sql.exec<{ record: string }>("SELECT record FROM relay_session").toArray();
  return row?.record ?? null;
}

export function storeSession(sql: SqlStorage, record: string): void {
  sql.exec(
    `INSERT INTO relay_session (one, record) VALUES (1, ?)
     ON CONFLICT (one) DO UPDATE SET record = excluded.record`,
    record,
  );
}
