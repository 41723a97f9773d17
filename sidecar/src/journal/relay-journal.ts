import type { DatabaseSync } from "node:sqlite";
import { utf8Length } from "@ibkr-edge-gateway/protocol/relay/frame-codec.ts";
import { JobTerminal } from "@ibkr-edge-gateway/protocol/relay/job-messages.ts";
import type {
  JournalIndex,
  JournalWrite,
  SidecarJob,
} from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-state.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import { isFull, type JournalFile, openJournalDatabase } from "./open-database.ts";
import { type EventRow, type EventsTable, eventsTable } from "./tables/events.ts";
import { type JobsTable, jobsTable } from "./tables/jobs.ts";
import { type MetaTable, metaTable } from "./tables/meta.ts";

export interface Loaded {
  readonly index: JournalIndex;
  readonly jobs: ReadonlyMap<string, SidecarJob>;
}

/** What was about to be done, was done and came of it. */
export interface Journal {
  load(): Loaded;
  /** One transaction, on the disk when this returns. Throws when it could not be; then nothing was stored. */
  commit(writes: readonly JournalWrite[]): void;
  eventsAfter(seq: number, limit: number): EventRow[];
  terminal(jobId: string): { terminal: JobTerminal; seq: number } | null;
  unackedBytes(): number;
  /** Begins a new journal: unacknowledged events are numbered anew from 1, ended jobs are forgotten. */
  restart(): Loaded;
  close(): void;
}

interface Tables {
  readonly meta: MetaTable;
  readonly jobs: JobsTable;
  readonly events: EventsTable;
}

/**
 * Opens the journal, creating it when there is none. A file that SQLite cannot read is put aside and
 * a new journal begun under a new id: what the old one knew is then unknown to both ends, which the
 * edge sees by the id. Throws `JournalBusyError` while another process holds it.
 */
export function openJournal(file: JournalFile): Journal {
  const database = openJournalDatabase(file);
  const { now } = file;
  const tables: Tables = {
    meta: metaTable(database),
    jobs: jobsTable(database),
    events: eventsTable(database),
  };
  if (tables.meta.get("journal_id") === null) {
    transaction(database, () => tables.meta.set("journal_id", ulid(now())));
  }
  if (file.placeOf !== undefined) keepInPlace(database, tables, file, file.placeOf());
  return {
    load: () => load(tables),
    commit(writes) {
      const store = () =>
        transaction(database, () => {
          for (const write of writes) apply(tables, write);
        });
      try {
        store();
      } catch (error) {
        if (!isFull(error) || file.makeRoom?.(writes) !== true) throw error;
        store();
      }
    },
    eventsAfter: tables.events.after,
    terminal(jobId) {
      const row = tables.jobs.terminal(jobId);
      if (row === null) return null;
      const { type, terminal } = row;
      return {
        terminal: JobTerminal.parse({ type, payload: JSON.parse(terminal) }),
        seq: row.seq,
      };
    },
    unackedBytes: tables.events.bytes,
    restart() {
      transaction(database, () => beginAnew(tables, ulid(now())));
      return load(tables);
    },
    close: () => database.close(),
  };
}

/**
 * A copied folder holds a copy of this journal, and both go under one id: what the other took up since
 * would be "not begun" here, and be sent again. A copy begins a new journal, which the edge sees by its
 * id; what was under way when it was made is unknown here.
 */
function keepInPlace(
  database: DatabaseSync,
  tables: Tables,
  file: JournalFile,
  place: string,
): void {
  const before = tables.meta.get("place");
  if (before === place) return;
  try {
    takePlace(database, tables, file, place, before);
  } catch (error) {
    // A version before kept no place. On a full disk this can wait for the next start; exits cannot.
    if (before !== null || !isFull(error)) throw error;
  }
  if (before !== null) file.onCopied?.();
}

function takePlace(
  database: DatabaseSync,
  tables: Tables,
  file: JournalFile,
  place: string,
  before: string | null,
): void {
  transaction(database, () => {
    tables.meta.set("place", place);
    if (before === null) return;
    tables.jobs.markAllStarted();
    beginAnew(tables, ulid(file.now()));
  });
}

function transaction(database: DatabaseSync, work: () => void): void {
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

function apply({ meta, jobs, events }: Tables, write: JournalWrite): void {
  switch (write.kind) {
    case "accepted": {
      const { submit, digest } = write;
      jobs.insertAccepted({
        jobId: submit.job_id,
        digest,
        brokerAccount: submit.grant.broker_account ?? null,
        submit: JSON.stringify(submit),
      });
      return;
    }
    case "started":
      jobs.markStarted(write.jobId);
      return;
    case "event": {
      const { seq, type, payload, jobId } = write;
      events.insert({ seq, type, payload, bytes: utf8Length(payload), jobId });
      meta.set("newest_seq", String(seq));
      if (jobId !== null) jobs.markDone(jobId, { seq, type, terminal: payload });
      return;
    }
    case "acked":
      events.removeThrough(write.seq);
      meta.set("acked_seq", String(write.seq));
      return;
    case "forget":
      for (const jobId of write.jobIds) jobs.remove(jobId);
      meta.set("forgotten_through", write.through);
  }
}

function load({ meta, jobs, events }: Tables): Loaded {
  const known = jobs.all().map(({ jobId, digest, brokerAccount, state, seq }) => {
    const job: SidecarJob = { class: "write", digest, brokerAccount, deadlineAt: 0, state, seq };
    return [jobId, job] as const;
  });
  return {
    jobs: new Map(known),
    index: {
      id: meta.get("journal_id") ?? "",
      newestSeq: Number(meta.get("newest_seq") ?? 0),
      ackedSeq: Number(meta.get("acked_seq") ?? 0),
      unackedBytes: events.bytes(),
      forgottenThrough: meta.get("forgotten_through") ?? "",
      brokenUntil: 0,
      standIn: false,
    },
  };
}

function beginAnew({ meta, jobs, events }: Tables, newId: string): void {
  const acked = Number(meta.get("acked_seq") ?? 0);
  const newest = Number(meta.get("newest_seq") ?? 0);
  const last = jobs.newestDoneThrough(acked);
  if (last !== null && last > (meta.get("forgotten_through") ?? "")) {
    meta.set("forgotten_through", last);
  }
  jobs.removeDoneThrough(acked);
  events.renumber(acked, newest);
  jobs.lowerSeqs(acked);
  meta.set("newest_seq", String(newest - acked));
  meta.set("acked_seq", "0");
  meta.set("journal_id", newId);
}
