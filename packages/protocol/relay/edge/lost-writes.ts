import { endJob } from "./drop-connection.ts";
import { type EdgeJob, liveConnection } from "./edge-state.ts";
import { type Draft, setPhase } from "./edge-step.ts";

/**
 * Writes whose journal will never be heard of again. Their end stays unknown for good: they are
 * settled as that, once, and the owner is told; the account at the broker is where the truth stands.
 */
const LOST = {
  ok: false,
  code: "OUTCOME_UNKNOWN",
  message: "the sidecar has lost the record of this; look at the account at the broker",
  retryable: false,
  outcome: "unknown",
} as const;

/** Settles one write whose end nobody can tell any more. */
export function settleLost(draft: Draft, job: EdgeJob): void {
  draft.writes.push({ kind: "write_lost", job });
  endJob(draft, job.submit.job_id, LOST);
}

/**
 * The session's sidecar has another journal than the one these writes were sent to, so the old one
 * is gone. A new journal begins with what the old one had not been acknowledged for; only when all of
 * that has arrived is it certain that no end comes any more.
 */
export function settleGoneJournals(draft: Draft): void {
  const live = liveConnection(draft);
  if (live === null || live.phase.replayTo === null || draft.cursor < live.phase.replayTo) return;
  setPhase(draft, live.id, { ...live.phase, replayTo: null });
  const { sidecarId, journalId } = draft.session;
  for (const job of writesOf(draft, sidecarId)) {
    if (job.sentTo?.journalId !== journalId) settleLost(draft, job);
  }
}

/** The sidecar is revoked: whatever its journal holds, it is not asked for it any more. */
export function settleRevoked(draft: Draft, sidecarId: string): void {
  for (const job of writesOf(draft, sidecarId)) settleLost(draft, job);
}

function writesOf(draft: Draft, sidecarId: string | null): EdgeJob[] {
  return [...draft.jobs.values()].filter(
    (job) =>
      job.class === "write" && job.state === "unknown" && job.sentTo?.sidecarId === sidecarId,
  );
}
