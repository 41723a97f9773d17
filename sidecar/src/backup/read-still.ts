import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { UsageError } from "../config/usage-error.ts";
import type { BackupFile } from "./backup-format.ts";
import { isKept } from "./kept-files.ts";

const SQLITE_BUSY = 5;

/**
 * What a backup keeps of a configuration folder, with every database whole and held still meanwhile.
 * @throws UsageError while a sidecar runs on the folder
 */
export function readStill(configDir: string): BackupFile[] {
  const names = readdirSync(configDir).filter(isKept).sort();
  const held: DatabaseSync[] = [];
  try {
    for (const name of names) {
      if (name.endsWith(".sqlite")) held.push(hold(join(configDir, name)));
    }
    return names.map((name) => ({ name, data: readFileSync(join(configDir, name)) }));
  } finally {
    for (const database of held) database.close();
  }
}

/** Nobody else writes it from here on, and all of it stands in the one file. */
function hold(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    database.exec("BEGIN IMMEDIATE; COMMIT");
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    return database;
  } catch (error) {
    database.close();
    const busy =
      error instanceof Error &&
      "errcode" in error &&
      typeof error.errcode === "number" &&
      (error.errcode & 0xff) === SQLITE_BUSY;
    if (!busy) throw error;
    throw new UsageError(
      "the sidecar is running here; stop it first, so that its records are whole",
    );
  }
}
