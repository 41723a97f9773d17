import { READ_RETRY_WAIT_MS } from "../../limits.ts";
import { NO_CHUNKS } from "../chunks.ts";
import { type Draft, type JobSettlement, setSession } from "./edge-step.ts";

/** How often a read may be put on the wire: once, and once more after a drop. */
const READ_TRIES_MAX = 2;

export const NOT_CONNECTED = {
  ok: false,
  code: "UNAVAILABLE",
  message: "the sidecar is not connected",
  retryable: true,
  outcome: "not_executed",
} as const satisfies JobSettlement;

/**
 * The session lost its connection. Reads wait a moment for the next one; a write whose frame left
 * may have been executed, so it is unknown until the sidecar's journal says otherwise.
 */
export function dropConnection(draft: Draft, { audited }: { audited: string }): void {
  const { session, env } = draft;
  if (session.droppedAt === null && session.sidecarId !== null) {
    setSession(draft, { ...session, droppedAt: env.now });
    draft.writes.push({
      kind: "audit",
      type: "sidecar.disconnected",
      sidecarId: session.sidecarId,
      meta: { epoch: String(session.epoch), reason: audited },
    });
  }
  draft.reconciling = null;
  for (const [jobId, job] of draft.jobs) {
    if (job.state === "unknown") continue;
    if (job.class === "write") {
      const unknown = { ...job, state: "unknown" as const };
      draft.jobs.set(jobId, unknown);
      draft.writes.push({ kind: "job", job: unknown });
    } else if (job.tries >= READ_TRIES_MAX) {
      endJob(draft, jobId, NOT_CONNECTED);
    } else {
      const retryUntil = Math.min(env.now + READ_RETRY_WAIT_MS, job.deadlineAt);
      draft.jobs.set(jobId, { ...job, state: "waiting", chunks: NO_CHUNKS, retryUntil });
    }
  }
}

/** Ends a job, once: whoever waits is told, and a write's end is stored. */
export function endJob(draft: Draft, jobId: string, settlement: JobSettlement): void {
  const job = draft.jobs.get(jobId);
  if (job === undefined) return;
  draft.jobs.delete(jobId);
  if (job.class === "write") draft.writes.push({ kind: "job_settled", jobId, settlement });
  draft.effects.push({ kind: "settle", jobId, settlement });
}
