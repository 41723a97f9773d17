/** What the owner set, by name, and what was begun and is not over. */

export function setting(sql: SqlStorage, name: string): string | null {
  const [row] = sql
    .exec<{ value: string }>("SELECT value FROM owner_settings WHERE name = ?", name)
    .toArray();
  return row?.value ?? null;
}

export function storeSetting(sql: SqlStorage, name: string, value: string): void {
  sql.exec(
    `INSERT INTO owner_settings (name, value) VALUES (?1, ?2)
     ON CONFLICT (name) DO UPDATE SET value = ?2`,
    name,
    value,
  );
}

export function deleteSetting(sql: SqlStorage, name: string): void {
  sql.exec("DELETE FROM owner_settings WHERE name = ?", name);
}

/** Deletes every one whose name begins so; how many. */
export function deleteSettings(sql: SqlStorage, prefix: string): number {
  return sql
    .exec("DELETE FROM owner_settings WHERE name LIKE ? RETURNING 1", `${prefix}%`)
    .toArray().length;
}
