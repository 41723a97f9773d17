import { CLOSE } from "../relay-errors.ts";
import { hangUp } from "./sidecar-connection.ts";
import { type JournalIndex, type SidecarJob, splitJobs } from "./sidecar-state.ts";
import type { Draft } from "./sidecar-step.ts";

/** How soon a journal that could not be begun is tried again. */
const RESTART_RETRY_MS = 1_000;

/** A new journal was begun: what is not acknowledged stands in it under new numbers. */
export function journalRestarted(
  draft: Draft,
  journal: JournalIndex,
  jobs: ReadonlyMap<string, SidecarJob>,
): void {
  const stoodIn = draft.state.journal.standIn;
  draft.state.journal = journal;
  draft.state.heldAck = 0;
  draft.state.sentSeq = 0;
  draft.state.resume = null;
  const journaled = splitJobs(jobs);
  for (const [jobId, job] of draft.jobs) {
    if (job.class === "write" && job.unsaved === undefined) draft.jobs.delete(jobId);
  }
  for (const [jobId, job] of journaled.jobs) draft.jobs.set(jobId, job);
  draft.state.ended = journaled.ended;
  // The session knows the stand-in; the next one is to know the journal.
  if (stoodIn && draft.state.link.kind === "live") {
    hangUp(draft, CLOSE.restart, "a new journal was begun");
  }
}

/**
 * The gateway does not take the journal and there is no room for another one: a stand-in that holds
 * nothing takes its place, so that reads go on. Writes under way keep their ends in memory and in the
 * old file, which becomes the new journal as soon as it can.
 */
export function journalStuck(draft: Draft): void {
  const { journal } = draft.state;
  draft.state.journal = {
    ...journal,
    id: journal.standIn ? journal.id : draft.env.ulid(),
    newestSeq: 0,
    ackedSeq: 0,
    unackedBytes: 0,
    brokenUntil: draft.env.now + RESTART_RETRY_MS,
    standIn: true,
  };
  draft.state.sentSeq = 0;
  draft.state.resume = null;
  // Their numbers are another journal's; asked for again, they are refused like any other write.
  draft.state.ended = new Map();
}

/** Tries again to begin the journal that a stand-in stands for. */
export function retryJournal(draft: Draft): void {
  const { journal } = draft.state;
  if (!journal.standIn) return;
  draft.state.journal = { ...journal, brokenUntil: draft.env.now + RESTART_RETRY_MS };
  draft.effects.push({ kind: "restart_journal" });
}
