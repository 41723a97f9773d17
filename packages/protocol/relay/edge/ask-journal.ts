import { RECONCILE_DEADLINE_MS } from "../../limits.ts";
import { LISTED_JOBS_MAX, type ListedJob } from "../session-messages.ts";
import { endJob } from "./drop-connection.ts";
import { type EdgeJob, liveConnection } from "./edge-state.ts";
import type { Draft } from "./edge-step.ts";
import { jobSettlementOf } from "./job-settlement.ts";
import { settleLost } from "./lost-writes.ts";
import { send } from "./send.ts";
import { putOnWire } from "./submit-job.ts";

/**
 * After a session began: what became of the writes whose frames may have arrived? Only the journal
 * they were sent to can say; a sidecar that began a new one knows nothing, and its "not started"
 * would be a guess.
 */
export function startReconcile(draft: Draft, asked: ReadonlySet<string> = new Set()): void {
  draft.reconciling = null;
  const live = liveConnection(draft);
  if (live === null) return;
  const jobIds: string[] = [];
  for (const [jobId, job] of draft.jobs) {
    if (jobIds.length === LISTED_JOBS_MAX) break;
    if (job.state === "unknown" && askable(draft, job) && !asked.has(jobId)) jobIds.push(jobId);
  }
  if (jobIds.length === 0) return;
  const requestId = send(draft, live.id, "session.list_jobs", { filter: { job_ids: jobIds } });
  draft.reconciling = {
    requestId,
    jobIds,
    asked: new Set([...asked, ...jobIds]),
    deadlineAt: draft.env.now + RECONCILE_DEADLINE_MS,
  };
}

/** The sidecar's answer. Entries that were not asked for are passed over. */
export function jobsListed(draft: Draft, correlation: string | undefined, jobs: ListedJob[]): void {
  if (draft.reconciling === null || correlation !== draft.reconciling.requestId) return;
  const { asked: all, jobIds } = draft.reconciling;
  const asked = new Set(jobIds);
  for (const entry of jobs) {
    const job = draft.jobs.get(entry.job_id);
    if (job === undefined || !asked.has(entry.job_id) || job.state !== "unknown") continue;
    asked.delete(entry.job_id);
    switch (entry.state) {
      case "done":
        endJob(draft, entry.job_id, jobSettlementOf(entry.terminal));
        break;
      case "started": {
        const { epoch } = draft.session;
        draft.jobs.set(entry.job_id, { ...job, state: "sent", epoch });
        break;
      }
      case "not_started":
        if (job.deadlineAt > draft.env.now && !job.abandoned) {
          putOnWire(draft, job);
        } else {
          endJob(draft, entry.job_id, {
            ok: false,
            code: "DEADLINE_EXCEEDED",
            message: "the sidecar was away until the deadline had passed",
            retryable: true,
            outcome: "not_executed",
          });
        }
        break;
      case "forgotten":
        settleLost(draft, job);
        break;
    }
  }
  startReconcile(draft, all);
}

function askable(draft: Draft, job: EdgeJob): boolean {
  return (
    job.sentTo !== null &&
    job.sentTo.sidecarId === draft.session.sidecarId &&
    job.sentTo.journalId === draft.session.journalId
  );
}
