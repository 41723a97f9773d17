/**
 * What the account does by itself, and when it last did: one row a task, so that it is not done
 * again after every sleep. And what stopped trading by itself: one row for one occasion, so that an
 * occasion stops trading once, and the owner who lifts the switch is not overruled by the same one.
 */
export const ORDER_TASKS_SCHEMA = `
CREATE TABLE order_chores (
  chore TEXT PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE order_stops (
  cause TEXT NOT NULL,
  subject TEXT NOT NULL,
  occasion TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (cause, subject, occasion)
) STRICT, WITHOUT ROWID;

-- When the PC was told of an alert; what the PC itself told is told from the start.
ALTER TABLE order_alerts ADD COLUMN told_at INTEGER;
UPDATE order_alerts SET told_at = at;
`;

/** When the task was last done, in milliseconds; null when it never was. */
export function lastDone(sql: SqlStorage, task: string): number | null {
  const [row] = sql
    .exec<{ at: number }>("SELECT at FROM order_chores WHERE chore = ?", task)
    .toArray();
  return row?.at ?? null;
}

export function noteDone(sql: SqlStorage, task: string, nowMs: number): void {
  sql.exec(
    `INSERT INTO order_chores (chore, at) VALUES (?, ?)
     ON CONFLICT (chore) DO UPDATE SET at = excluded.at`,
    task,
    nowMs,
  );
}

/** True when the task was not done within the last so many milliseconds. */
export function isDue(sql: SqlStorage, task: string, everyMs: number, nowMs: number): boolean {
  const last = lastDone(sql, task);
  return last === null || nowMs - last >= everyMs;
}

/** Tasks whose name begins so, the earliest first. */
export function tasksNamed(sql: SqlStorage, prefix: string): { task: string; at: number }[] {
  return sql
    .exec<{ chore: string; at: number }>(
      "SELECT chore, at FROM order_chores WHERE substr(chore, 1, length(?1)) = ?1 ORDER BY at, chore",
      prefix,
    )
    .toArray()
    .map(({ chore, at }) => ({ task: chore, at }));
}

export function forgetTask(sql: SqlStorage, task: string): void {
  sql.exec("DELETE FROM order_chores WHERE chore = ?", task);
}

/** Forgets every task whose name begins so. */
export function forgetTasks(sql: SqlStorage, prefix: string): void {
  sql.exec("DELETE FROM order_chores WHERE chore LIKE ?", `${prefix}%`);
}
