/** Which steps of the schema ran in this object. */

/**
 * Whether this object ever became an account. A stranger who dials a made-up account id must not
 * leave storage behind, so nothing is created before a caller with standing asks.
 */
export function hasTables(sql: SqlStorage): boolean {
  return (
    sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migrations'").toArray()
      .length > 0
  );
}

export function createMigrations(sql: SqlStorage): void {
  sql.exec("CREATE TABLE IF NOT EXISTS migrations (id INTEGER PRIMARY KEY) STRICT");
}

export function doneMigrations(sql: SqlStorage): number[] {
  return sql
    .exec<{ id: number }>("SELECT id FROM migrations")
    .toArray()
    .map(({ id }) => id);
}

export function insertMigration(sql: SqlStorage, id: number): void {
  sql.exec("INSERT INTO migrations (id) VALUES (?)", id);
}
