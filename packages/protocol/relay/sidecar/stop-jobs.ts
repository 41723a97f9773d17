import type { JobError } from "../job-messages.ts";
import type { EdgeFrame } from "../messages.ts";
import type { RelayErrorCode } from "../relay-errors.ts";
import { appendTerminal } from "./journaling.ts";
import type { SidecarJob } from "./sidecar-state.ts";
import { type Draft, findJob, send } from "./sidecar-step.ts";

/** `job.cancel`: acknowledged before the end it causes, or refused with the reason. */
export function cancelled(draft: Draft, frame: Extract<EdgeFrame, { type: "job.cancel" }>): void {
  const { job_id: jobId } = frame.payload;
  const job = findJob(draft, jobId);
  const head = { correlation_id: frame.id };
  if (job === undefined || job.state === "done" || job.state === "started") {
    const reason =
      job === undefined ? "unknown" : job.state === "done" ? "already_terminal" : "started";
    send(draft, "job.cancel_refused", { job_id: jobId, reason }, head);
    return;
  }
  send(draft, "job.cancelled", { job_id: jobId }, head);
  stopJob(draft, jobId, job, { code: "CANCELLED", message: "cancelled by the edge" });
}

/** Ends a job that has not begun anything, before its executor does. */
function stopJob(
  draft: Draft,
  jobId: string,
  job: SidecarJob,
  { code, message }: { code: RelayErrorCode; message: string },
): void {
  draft.effects.push({ kind: "abort", jobId });
  const error: JobError = {
    job_id: jobId,
    code,
    message,
    retryable: code === "DEADLINE_EXCEEDED",
    outcome: "not_executed",
  };
  if (job.class === "write") {
    appendTerminal(draft, jobId, { type: "job.error", payload: error });
    return;
  }
  draft.jobs.delete(jobId);
  send(draft, "job.error", error);
}

/** Deadlines, where the work is done. A write that has begun is finished, however long it takes. */
export function jobsTick(draft: Draft): void {
  for (const [jobId, job] of draft.jobs) {
    if (job.state !== "running" && job.state !== "accepted") continue;
    if (draft.env.now < job.deadlineAt) continue;
    stopJob(draft, jobId, job, {
      code: "DEADLINE_EXCEEDED",
      message: "the deadline passed before this was done",
    });
  }
}

/**
 * When the next deadline of a job falls due, in ms since the epoch; null when none is under way.
 */
export function jobsDueAt(jobs: ReadonlyMap<string, SidecarJob>): number | null {
  let due = Number.POSITIVE_INFINITY;
  for (const job of jobs.values()) {
    if (job.state === "running" || job.state === "accepted") due = Math.min(due, job.deadlineAt);
  }
  return Number.isFinite(due) ? due : null;
}

/** This sidecar does not act any more: what has not begun does not begin. */
export function stopUnbegun(draft: Draft, why: { code: RelayErrorCode; message: string }): void {
  for (const [jobId, job] of draft.jobs) {
    if (job.state !== "accepted") continue;
    stopJob(draft, jobId, job, why);
  }
}

/** Nobody is left to hear the answers of reads. Writes go on. */
export function dropReads(draft: Draft): void {
  for (const [jobId, job] of draft.jobs) {
    if (job.class !== "read") continue;
    draft.jobs.delete(jobId);
    draft.effects.push({ kind: "abort", jobId });
  }
}
