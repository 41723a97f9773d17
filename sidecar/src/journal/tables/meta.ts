import type { DatabaseSync } from "node:sqlite";

/** What the journal knows of itself, each under its name. */
export type MetaKey = "journal_id" | "newest_seq" | "acked_seq" | "forgotten_through" | "place";

export interface MetaTable {
  get(key: MetaKey): string | null;
  set(key: MetaKey, value: string): void;
}

export function metaTable(db: DatabaseSync): MetaTable {
  const select = db.prepare("SELECT value FROM meta WHERE key = ?");
  const upsert = db.prepare(
    `INSERT INTO meta (key, value) VALUES (?, ?)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
  );
  return {
    get(key) {
      const row = select.get(key);
      return typeof row?.value === "string" ? row.value : null;
    },
    set: (key, value) => void upsert.run(key, value),
  };
}
