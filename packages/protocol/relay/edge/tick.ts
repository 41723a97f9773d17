import { ACK_INTERVAL_MS, HANDSHAKE_DEADLINE_MS, LEASE_REFRESH_BEFORE_MS } from "../../limits.ts";
import { CLOSE } from "../relay-errors.ts";
import { dropConnection, endJob, NOT_CONNECTED } from "./drop-connection.ts";
import { type EdgeState, isUnauthenticated, liveConnection } from "./edge-state.ts";
import type { Draft } from "./edge-step.ts";
import { leaseTick } from "./lease.ts";
import { acknowledge } from "./live-frame.ts";
import { close, send, sendProblem } from "./send.ts";
import { sendWaitingReads } from "./submit-job.ts";

/** Everything whose time has come. */
export function edgeTick(draft: Draft): void {
  const { now } = draft.env;
  for (const [conn, connection] of draft.connections) {
    if (!isUnauthenticated(connection)) continue;
    if (now < connection.openedAt + HANDSHAKE_DEADLINE_MS) continue;
    sendProblem(draft, conn, "connection", {
      code: "DEADLINE_EXCEEDED",
      message: "the handshake took longer than 10 s",
      id: null,
    });
    close(draft, conn, CLOSE.unauthenticated, "handshake deadline");
  }
  for (const [jobId, job] of draft.jobs) {
    if (job.class === "read") {
      if (now >= job.deadlineAt) {
        if (job.state === "sent") cancelOnWire(draft, jobId);
        endJob(draft, jobId, {
          ok: false,
          code: "DEADLINE_EXCEEDED",
          message: "no answer within the deadline",
          retryable: true,
          outcome: "unknown",
        });
      } else if (job.state === "waiting" && job.retryUntil !== null && now >= job.retryUntil) {
        endJob(draft, jobId, NOT_CONNECTED);
      }
    } else if (!job.abandoned && now >= job.deadlineAt) {
      // The caller is answered; the write itself stays open until its journal has spoken.
      const unknown = { ...job, state: "unknown" as const, abandoned: true };
      draft.jobs.set(jobId, unknown);
      draft.writes.push({ kind: "job", job: unknown });
      draft.effects.push({
        kind: "settle",
        jobId,
        settlement: {
          ok: false,
          code: "OUTCOME_UNKNOWN",
          message: "the outcome is not known yet",
          retryable: false,
          outcome: "unknown",
        },
      });
    }
  }
  const { reconciling } = draft;
  const live = liveConnection(draft);
  if (live !== null && reconciling !== null && now >= reconciling.deadlineAt) {
    close(draft, live.id, CLOSE.protocolError, "session.list_jobs was not answered");
    dropConnection(draft, { audited: "protocol_error" });
  }
  sendWaitingReads(draft);
  leaseTick(draft);
  acknowledge(draft);
}

function cancelOnWire(draft: Draft, jobId: string): void {
  const live = liveConnection(draft);
  if (live !== null) send(draft, live.id, "job.cancel", { job_id: jobId, reason: "deadline" });
}

/**
 * When `tick` is next due while something is in flight; null when nothing is, so that the object
 * may hibernate. The lease is not in here: see {@link leaseDueAt}.
 */
export function nextDueAt(state: EdgeState): number | null {
  let due = Number.POSITIVE_INFINITY;
  for (const connection of state.connections.values()) {
    if (isUnauthenticated(connection)) {
      due = Math.min(due, connection.openedAt + HANDSHAKE_DEADLINE_MS);
    } else if (connection.phase.kind === "live" && connection.phase.refresh !== null) {
      due = Math.min(due, connection.phase.refresh.deadlineAt);
    }
  }
  for (const job of state.jobs.values()) {
    if (!job.abandoned) due = Math.min(due, job.deadlineAt, job.retryUntil ?? due);
  }
  if (state.reconciling !== null) due = Math.min(due, state.reconciling.deadlineAt);
  const live = liveConnection(state);
  if (live !== null && state.cursor > live.phase.ackedSeq) {
    due = Math.min(due, state.ackedAt + ACK_INTERVAL_MS);
  }
  return Number.isFinite(due) ? due : null;
}

/** When the lease needs attention: a matter of hours, for an alarm and not for a timer. */
export function leaseDueAt(state: EdgeState): number | null {
  const live = liveConnection(state);
  if (live === null) return null;
  const { leaseExpiresAt } = state.session;
  return live.phase.refresh === null ? leaseExpiresAt - LEASE_REFRESH_BEFORE_MS : leaseExpiresAt;
}
