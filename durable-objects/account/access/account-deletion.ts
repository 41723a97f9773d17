import { setting, storeSetting } from "./tables/owner-settings.ts";

/** The owner asked for the account's deletion; kept until nothing is left to keep it in. */
const DELETION = "deletion_begun_at";

export function beginDeletion(sql: SqlStorage, nowMs: number): void {
  storeSetting(sql, DELETION, String(nowMs));
}

export function isBeingDeleted(sql: SqlStorage): boolean {
  return setting(sql, DELETION) !== null;
}
