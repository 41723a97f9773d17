import { chmodSync, existsSync, renameSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { JournalWrite } from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-state.ts";
import { JOURNAL_MAX_PAGES, JOURNAL_SCHEMA } from "./tables/schema.ts";

export interface JournalFile {
  readonly path: string;
  readonly now: () => number;
  /** For tests of a full disk. */
  readonly maxPages?: number;
  /**
   * Called when the disk is full for these writes: true when room was made for them. Writes for which
   * none is to be made fail.
   */
  readonly makeRoom?: (writes: readonly JournalWrite[]) => boolean;
  /** Called after a damaged file was put aside. */
  readonly onDamaged?: (movedTo: string) => void;
  /**
   * Where the file is: the same at every start, and another for a copy of the file. Without it copies
   * are not told from the file itself.
   */
  readonly placeOf?: () => string;
  /** Called when this file turned out to be a copy. */
  readonly onCopied?: () => void;
}

/** Another process holds this journal. */
export class JournalBusyError extends Error {
  override readonly name = "JournalBusyError";
}

/** Opens the file, creating it when there is none. One that SQLite cannot read is put aside. */
export function openJournalDatabase(file: JournalFile): DatabaseSync {
  try {
    return open(file);
  } catch (error) {
    if (!isDamage(error)) throw error;
    const aside = `${file.path}.damaged-${Math.round(file.now())}`;
    for (const suffix of ["", "-wal", "-shm"]) {
      if (existsSync(file.path + suffix)) renameSync(file.path + suffix, aside + suffix);
    }
    file.onDamaged?.(aside);
    return open(file);
  }
}

function open({ path, maxPages }: JournalFile): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    if (path !== ":memory:") chmodSync(path, 0o600);
    // Held by one process for as long as it lives: two sidecars must not execute one journal.
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = FULL");
    database.exec(`PRAGMA max_page_count = ${maxPages ?? JOURNAL_MAX_PAGES}`);
    database.exec("BEGIN IMMEDIATE");
    database.exec(JOURNAL_SCHEMA);
    database.exec("COMMIT");
    const [check] = database.prepare("PRAGMA quick_check(1)").all();
    if (check?.quick_check !== "ok") throw new DamagedError("quick_check failed");
    return database;
  } catch (error) {
    database.close();
    if (codeOf(error) === SQLITE_BUSY) {
      throw new JournalBusyError("another sidecar is running with this configuration");
    }
    throw error;
  }
}

class DamagedError extends Error {}

const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;

function codeOf(error: unknown): number | null {
  if (!(error instanceof Error) || !("errcode" in error)) return null;
  return typeof error.errcode === "number" ? error.errcode & 0xff : null;
}

/** The disk, or the bound on the file, left no room for a write. */
export const isFull = (error: unknown): boolean => codeOf(error) === SQLITE_FULL;

function isDamage(error: unknown): boolean {
  const code = codeOf(error);
  return error instanceof DamagedError || code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
}
