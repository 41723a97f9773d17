import type { DatabaseSync } from "node:sqlite";

/** Over preview_usage and previews: the usage of a preview that is kept no more is deleted. */
export function deleteUsageWithoutPreview(db: DatabaseSync): void {
  db.exec("DELETE FROM preview_usage WHERE preview_id NOT IN (SELECT preview_id FROM previews)");
}
