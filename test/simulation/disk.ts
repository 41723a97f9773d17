import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync, StatementSync } from "node:sqlite";

/**
 * The PC's disk. Its databases are real files, opened by the product's own code; what is added is the
 * moment at which the process dies: between any two writes that are each on the disk, and what a power
 * cut takes, which is whatever was not asked to be on the disk before the write was called done.
 */
export class Crashed extends Error {
  override readonly name = "Crashed";
}

/** The process whose writes are watched now. */
interface Watched {
  /** Called before and after each write that ends a transaction; may throw `Crashed`. */
  effect(): void;
  /** The disk takes no more. */
  full(): boolean;
  readonly open: Map<DatabaseSync, Handle>;
}

interface Handle {
  path: string;
  synchronous: boolean;
  /** Images of the last states that were not asked to be on the disk, the oldest first. */
  unsafe: Uint8Array[];
}

let watched: Watched | null = null;
/** Whose statement it is, and whether it writes. */
const statements = new WeakMap<StatementSync, { database: DatabaseSync; writes: boolean }>();

export function watch(process: Watched | null): void {
  watched = process;
}

let patched = false;

/** Puts the watch into SQLite's own calls, once in this process. */
export function patchSqlite(): void {
  if (patched) return;
  patched = true;
  const { exec, prepare, close } = DatabaseSync.prototype;
  const handleOf = (database: DatabaseSync): Handle | null =>
    watched === null ? null : (watched.open.get(database) ?? null);
  const caches = new WeakMap<DatabaseSync, Map<string, StatementSync>>();
  DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string): void {
    if (/^\s*PRAGMA/i.test(sql)) {
      notePragma(this, sql);
      exec.call(this, sql);
      return;
    }
    const handle = handleOf(this);
    const ends = handle !== null && /^\s*COMMIT/i.test(sql);
    if (ends) before();
    exec.call(this, sql);
    if (ends) after(this, handle);
  };
  DatabaseSync.prototype.prepare = function (this: DatabaseSync, sql: string): StatementSync {
    if (handleOf(this) === null) return prepare.call(this, sql);
    const cache = caches.get(this) ?? new Map<string, StatementSync>();
    caches.set(this, cache);
    const known = cache.get(sql);
    if (known !== undefined) return known;
    const made = prepare.call(this, sql);
    statements.set(made, { database: this, writes: WRITES.test(sql) });
    cache.set(sql, made);
    return made;
  };
  DatabaseSync.prototype.close = function (this: DatabaseSync): void {
    watched?.open.delete(this);
    close.call(this);
  };
  for (const name of ["run", "get", "all"] as const) {
    const plain = StatementSync.prototype[name];
    Object.defineProperty(StatementSync.prototype, name, {
      configurable: true,
      writable: true,
      value: function (this: StatementSync, ...given: never[]): unknown {
        const known = statements.get(this);
        const handle = known?.writes === true ? handleOf(known.database) : null;
        if (known === undefined || handle === null) return Reflect.apply(plain, this, given);
        const { database } = known;
        if (watched?.full() === true) {
          throw Object.assign(new Error("database or disk is full"), { errcode: 13 });
        }
        const alone = !database.isTransaction;
        if (alone) before();
        const value: unknown = Reflect.apply(plain, this, given);
        if (alone) after(database, handle);
        return value;
      },
    });
  }
}

const WRITES = /^\s*(insert|update|delete|replace)\b/i;

function notePragma(database: DatabaseSync, sql: string): void {
  if (watched === null) return;
  const path = database.location();
  if (path === null) return;
  const handle = watched.open.get(database) ?? { path, synchronous: true, unsafe: [] };
  watched.open.set(database, handle);
  const found = /synchronous\s*=\s*(\w+)/i.exec(sql)?.[1]?.toUpperCase();
  if (found !== undefined)
    handle.synchronous = found === "FULL" || found === "EXTRA" || found === "2";
}

function before(): void {
  if (watched?.full() === true) {
    throw Object.assign(new Error("database or disk is full"), { errcode: 13 });
  }
  watched?.effect();
}

function after(database: DatabaseSync, handle: Handle): void {
  if (!handle.synchronous) {
    handle.unsafe.push(database.serialize());
    if (handle.unsafe.length > 4) handle.unsafe.shift();
  }
  watched?.effect();
}

/** Ends a process's hold on its files; with a power cut, what was not asked to be on the disk is lost. */
export function endHold(open: Map<DatabaseSync, Handle>, power: boolean): void {
  for (const [database, handle] of [...open]) {
    const { path, unsafe } = handle;
    database.close();
    const [oldest] = unsafe;
    if (!power || oldest === undefined) continue;
    for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
    writeFileSync(path, oldest, { mode: 0o600 });
  }
  open.clear();
}

/** A folder in memory where the machine has one: no write here need outlive this process. */
export function scratchFolder(): string {
  const root = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const folder = mkdtempSync(join(root, "ibkr-simulation-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function copyFolder(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { mode: 0o700, recursive: true });
  for (const name of readdirSync(from)) copyFileSync(join(from, name), join(to, name));
}

export type { Handle, Watched };
