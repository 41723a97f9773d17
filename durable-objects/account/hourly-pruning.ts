import { eraseReads } from "./audit/erase-read-values.ts";
import type { NewAuditEvent } from "./audit/events.ts";
import { pruneClients } from "./clients/clients.ts";
import { jobsInSubmission } from "./orders/tables/intents/working.ts";
import { eraseOldRecords } from "./orders/transactions/erase-old-records.ts";
import { pruneRelay } from "./relay/relay-store.ts";

const EVERY_MS = 3_600_000;
const ERASE_AGAIN_MS = 1_000;

export interface PruningParts {
  readonly storage: DurableObjectStorage;
  /** Appends to the account's log in this turn; its number there. */
  readonly audit: (event: NewAuditEvent) => number;
  /** Has the object woken at this moment (epoch milliseconds), or before. */
  readonly wakeAt: (atMs: number) => void;
}

/** What is over goes once an hour, when the object is awake anyway: old clients, jobs and values. */
export class HourlyPruning {
  readonly #parts: PruningParts;
  #prunedAt = 0;

  constructor(parts: PruningParts) {
    this.#parts = parts;
  }

  /** Has the next alarm at this moment (epoch milliseconds) prune, whenever it was done last. */
  at(atMs: number): void {
    this.#prunedAt = 0;
    this.#parts.wakeAt(atMs);
  }

  /** Prunes where an hour is over since the last time; `nowMs` is epoch milliseconds. */
  ifDue(nowMs: number): void {
    if (nowMs - this.#prunedAt < EVERY_MS) return;
    this.#prunedAt = nowMs;
    const { storage, audit } = this.#parts;
    const { sql } = storage;
    pruneClients(sql, nowMs);
    // More that is due waits for the next hour, or for the next alarm after an eviction.
    eraseOldRecords(storage, nowMs, audit);
    if (eraseReads({ sql, transactionSync: (work) => storage.transactionSync(work) }, nowMs)) {
      // In turns, between which others have theirs.
      this.at(nowMs + ERASE_AGAIN_MS);
    }
    pruneRelay(sql, { nowMs, waitedFor: jobsInSubmission(sql) });
  }
}
