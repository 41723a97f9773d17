import { deleteAccountRows } from "../d1/tables/joint/delete-account-rows.ts";
import { newestHead } from "./audit/log-files.ts";
import { readSignedLog } from "./audit/tables/signed.ts";
import { logAbandoned } from "./platform/log-abandoned.ts";

const RETRY_MS = 60_000;

export interface EraseParts {
  readonly storage: DurableObjectStorage;
  readonly database: D1Database;
  readonly accountId: string;
  /** Signs a head over all there is, where the log is signed at all; fails nobody. */
  readonly sign: () => Promise<void>;
  readonly now: () => number;
}

/**
 * Erases an account whose owner deleted it: its rows in D1 first, then all that this object holds. The
 * last signed head stays in D1. When D1 fails, nothing here goes, and the alarm comes back; true when
 * all is gone.
 */
export async function deleteStorage(parts: EraseParts): Promise<boolean> {
  const { storage, database, accountId, sign, now } = parts;
  try {
    await sign();
    const log = readSignedLog(storage.sql);
    const head = log === null ? null : newestHead(storage.sql, log);
    const last =
      log === null || head === null
        ? null
        : { logId: log.logId, vkey: log.vkey, checkpoint: head.note };
    await deleteAccountRows(database, { accountId, log: last }, new Date(now()));
  } catch (error) {
    logAbandoned("account.erase")(error);
    await storage.setAlarm(now() + RETRY_MS);
    return false;
  }
  await storage.deleteAlarm();
  await storage.deleteAll();
  return true;
}
