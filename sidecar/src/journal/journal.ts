import { chmodSync, existsSync, renameSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { utf8Length } from "@ibkr-edge-gateway/protocol/relay/codec.ts";
import { JobTerminal } from "@ibkr-edge-gateway/protocol/relay/job-messages.ts";
import type {
  JournalIndex,
  JournalWrite,
  SidecarJob,
} from "@ibkr-edge-gateway/protocol/relay/sidecar/state.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import { JOURNAL_MAX_PAGES, JOURNAL_SCHEMA } from "./tables/schema.ts";

export interface JournaledEvent {
  readonly seq: number;
  readonly type: string;
  /** JSON text. */
  readonly payload: string;
}

export interface Loaded {
  readonly index: JournalIndex;
  readonly jobs: ReadonlyMap<string, SidecarJob>;
}

/** What was about to be done, was done and came of it. */
export interface Journal {
  load(): Loaded;
  /** One transaction, on the disk when this returns. Throws when it could not be; then nothing was stored. */
  commit(writes: readonly JournalWrite[]): void;
  eventsAfter(seq: number, limit: number): JournaledEvent[];
  terminal(jobId: string): { terminal: JobTerminal; seq: number } | null;
  unackedBytes(): number;
  /** Begins a new journal: unacknowledged events are numbered anew from 1, ended jobs are forgotten. */
  restart(): Loaded;
  close(): void;
}

export interface JournalOptions {
  readonly path: string;
  readonly now: () => number;
  /** For tests of a full disk. */
  readonly maxPages?: number;
  /** Told when a damaged file was put aside. */
  readonly onDamaged?: (movedTo: string) => void;
}

/** Another process holds this journal. */
export class JournalBusyError extends Error {
  override readonly name = "JournalBusyError";
}

/**
 * Opens the journal, creating it when there is none. A file that SQLite cannot read is put aside and
 * a new journal begun under a new id: what the old one knew is then unknown to both ends, which the
 * edge sees by the id.
 */
export function openJournal(options: JournalOptions): Journal {
  let database: DatabaseSync;
  try {
    database = openDatabase(options);
  } catch (error) {
    if (!isDamage(error)) throw error;
    const aside = `${options.path}.damaged-${Math.round(options.now())}`;
    for (const suffix of ["", "-wal", "-shm"]) {
      if (existsSync(options.path + suffix)) renameSync(options.path + suffix, aside + suffix);
    }
    options.onDamaged?.(aside);
    database = openDatabase(options);
  }
  return journalOn(database, options);
}

function openDatabase({ path, maxPages }: JournalOptions): DatabaseSync {
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
const SQLITE_NOTADB = 26;

function codeOf(error: unknown): number | null {
  if (!(error instanceof Error) || !("errcode" in error)) return null;
  return typeof error.errcode === "number" ? error.errcode & 0xff : null;
}

function isDamage(error: unknown): boolean {
  const code = codeOf(error);
  return error instanceof DamagedError || code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
}

function journalOn(database: DatabaseSync, { now }: JournalOptions): Journal {
  const statements = {
    getMeta: database.prepare("SELECT value FROM meta WHERE key = ?"),
    setMeta: database.prepare(
      "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    ),
    accept: database.prepare(
      "INSERT INTO jobs (job_id, digest, broker_account, submit, state) VALUES (?, ?, ?, ?, 'accepted')",
    ),
    start: database.prepare("UPDATE jobs SET state = 'started' WHERE job_id = ?"),
    end: database.prepare(
      "UPDATE jobs SET state = 'done', seq = ?, terminal_type = ?, terminal = ? WHERE job_id = ?",
    ),
    event: database.prepare(
      "INSERT INTO events (seq, type, payload, bytes, job_id) VALUES (?, ?, ?, ?, ?)",
    ),
    free: database.prepare("DELETE FROM events WHERE seq <= ?"),
    forget: database.prepare("DELETE FROM jobs WHERE job_id = ?"),
    after: database.prepare(
      "SELECT seq, type, payload FROM events WHERE seq > ? ORDER BY seq LIMIT ?",
    ),
    jobs: database.prepare("SELECT job_id, digest, broker_account, state, seq FROM jobs"),
    terminal: database.prepare(
      "SELECT seq, terminal_type, terminal FROM jobs WHERE job_id = ? AND state = 'done'",
    ),
    bytes: database.prepare("SELECT COALESCE(SUM(bytes), 0) AS bytes FROM events"),
    newest: database.prepare("SELECT MAX(seq) AS seq FROM events"),
  };

  function meta(key: string): string | null {
    const row = statements.getMeta.get(key);
    return typeof row?.value === "string" ? row.value : null;
  }

  function transaction(work: () => void): void {
    database.exec("BEGIN IMMEDIATE");
    try {
      work();
      database.exec("COMMIT");
    } catch (error) {
      // A full disk may have ended the transaction by itself.
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  }

  function apply(write: JournalWrite): void {
    switch (write.kind) {
      case "accepted": {
        const { submit, digest } = write;
        const account = submit.grant.broker_account ?? null;
        statements.accept.run(submit.job_id, digest, account, JSON.stringify(submit));
        return;
      }
      case "started":
        statements.start.run(write.jobId);
        return;
      case "event":
        statements.event.run(
          write.seq,
          write.type,
          write.payload,
          utf8Length(write.payload),
          write.jobId,
        );
        statements.setMeta.run("newest_seq", String(write.seq));
        if (write.jobId !== null) {
          statements.end.run(write.seq, write.type, write.payload, write.jobId);
        }
        return;
      case "acked":
        statements.free.run(write.seq);
        statements.setMeta.run("acked_seq", String(write.seq));
        return;
      case "forget":
        for (const jobId of write.jobIds) statements.forget.run(jobId);
        statements.setMeta.run("forgotten_through", write.through);
    }
  }

  function unackedBytes(): number {
    return Number(statements.bytes.get()?.bytes ?? 0);
  }

  function load(): Loaded {
    const jobs = new Map<string, SidecarJob>();
    for (const row of statements.jobs.all()) {
      const state = row.state;
      jobs.set(String(row.job_id), {
        class: "write",
        digest: String(row.digest),
        brokerAccount: row.broker_account === null ? null : String(row.broker_account),
        deadlineAt: 0,
        state: state === "done" ? "done" : state === "started" ? "started" : "accepted",
        seq: row.seq === null ? null : Number(row.seq),
      });
    }
    return {
      jobs,
      index: {
        id: meta("journal_id") ?? "",
        newestSeq: Number(meta("newest_seq") ?? 0),
        ackedSeq: Number(meta("acked_seq") ?? 0),
        unackedBytes: unackedBytes(),
        forgottenThrough: meta("forgotten_through") ?? "",
        brokenUntil: 0,
        standIn: false,
      },
    };
  }

  if (meta("journal_id") === null) {
    transaction(() => statements.setMeta.run("journal_id", ulid(now())));
  }

  return {
    load,
    commit: (writes) => transaction(() => writes.forEach(apply)),
    eventsAfter: (seq, limit) =>
      statements.after.all(seq, limit).map((row) => ({
        seq: Number(row.seq),
        type: String(row.type),
        payload: String(row.payload),
      })),
    terminal(jobId) {
      const row = statements.terminal.get(jobId);
      if (row === undefined || row.terminal === null) return null;
      const terminal = JobTerminal.parse({
        type: row.terminal_type,
        payload: JSON.parse(String(row.terminal)),
      });
      return { terminal, seq: Number(row.seq) };
    },
    unackedBytes,
    restart() {
      transaction(() => {
        const acked = Number(meta("acked_seq") ?? 0);
        const newest = Number(meta("newest_seq") ?? 0);
        const [last] = database
          .prepare("SELECT MAX(job_id) AS id FROM jobs WHERE state = 'done' AND seq <= ?")
          .all(acked);
        const before = meta("forgotten_through") ?? "";
        if (typeof last?.id === "string" && last.id > before) {
          statements.setMeta.run("forgotten_through", last.id);
        }
        database.prepare("DELETE FROM jobs WHERE state = 'done' AND seq <= ?").run(acked);
        // Upwards and then down: the new numbers never collide with old ones on the way.
        database.prepare("UPDATE events SET seq = seq + ?").run(newest);
        database.prepare("UPDATE events SET seq = seq - ?").run(newest + acked);
        database.prepare("UPDATE jobs SET seq = seq - ? WHERE seq IS NOT NULL").run(acked);
        statements.setMeta.run("newest_seq", String(newest - acked));
        statements.setMeta.run("acked_seq", "0");
        statements.setMeta.run("journal_id", ulid(now()));
      });
      return load();
    },
    close: () => database.close(),
  };
}
