import { decodeFrame } from "../frame-codec.ts";
import { PONG } from "../frame-envelope.ts";
import { type EdgeFrame, FROM_EDGE } from "../messages.ts";
import { CLOSE } from "../relay-errors.ts";
import { submitted } from "./jobs.ts";
import { acknowledged } from "./journaling.ts";
import { hangUp } from "./sidecar-connection.ts";
import { early, handshakeFrame, noteLease, refreshAsked } from "./sidecar-handshake.ts";
import { type Draft, findJob, send, setLink } from "./sidecar-step.ts";
import { cancelled } from "./stop-jobs.ts";

/** A text frame of the edge's. It is read only while the connection stands. */
export function frameArrived(draft: Draft, text: string): void {
  if (!isConnected(draft)) return;
  draft.state.heardAt = draft.env.now;
  draft.state.unanswered = 0;
  if (text === PONG) return;
  const { link } = draft.state;
  if (link.kind === "verifying") {
    early(draft, text);
    return;
  }
  const decoded = decodeFrame(text, FROM_EDGE);
  if (decoded.ok === "ignored") return;
  if (!decoded.ok) {
    const { problem } = decoded;
    if (problem.close !== null || link.kind !== "live") {
      draft.state.trouble = { code: problem.code, message: problem.message };
      hangUp(draft, problem.close ?? CLOSE.protocolError, problem.message);
      return;
    }
    send(
      draft,
      "session.error",
      { scope: "request", code: problem.code, message: problem.message, retryable: false },
      problem.id === null ? {} : { correlation_id: problem.id },
    );
    return;
  }
  if (link.kind === "live") liveFrame(draft, decoded.frame);
  else handshakeFrame(draft, decoded.frame);
}

function liveFrame(draft: Draft, frame: EdgeFrame): void {
  const { link } = draft.state;
  if (link.kind !== "live") return;
  if (frame.session_id !== link.session.id || frame.epoch !== link.session.epoch) {
    draft.state.trouble = {
      code: "PERMISSION_DENIED",
      message: "the gateway sent a frame of another session",
    };
    hangUp(draft, CLOSE.protocolError, "a frame of another session");
    return;
  }
  draft.state.skewMs = Date.parse(frame.timestamp) - draft.env.now;
  switch (frame.type) {
    case "job.submit":
      submitted(draft, frame);
      return;
    case "job.cancel":
      cancelled(draft, frame);
      return;
    case "audit.checkpoint":
      draft.effects.push({ kind: "witness", dial: draft.state.dial, head: frame.payload });
      return;
    case "session.ack":
      acknowledged(draft, frame.payload.last_processed_seq);
      return;
    case "session.list_jobs":
      listJobs(draft, frame);
      return;
    case "session.refresh":
      refreshAsked(draft, frame.payload.challenge);
      return;
    case "session.refreshed": {
      const session = { ...link.session, leaseExpiresAt: frame.payload.lease.expires_at };
      noteLease(draft, session.leaseExpiresAt);
      setLink(draft, { ...link, session });
      return;
    }
    case "session.evicted":
      draft.state.trouble = { code: frame.payload.code, message: frame.payload.reason };
      return;
    case "session.error":
      if (frame.correlation_id === draft.state.rotationId) rotated(draft, frame.payload.message);
      draft.state.trouble = { code: frame.payload.code, message: frame.payload.message };
      return;
    case "session.key_rotated":
      if (frame.correlation_id === draft.state.rotationId) rotated(draft, null);
      return;
    case "session.close":
      return;
    default:
      hangUp(draft, CLOSE.protocolError, "not allowed within a session");
  }
}

function rotated(draft: Draft, refusal: string | null): void {
  if (draft.state.rotationId === null) return;
  draft.state.rotationId = null;
  draft.effects.push({ kind: "rotated", refusal });
}

function listJobs(draft: Draft, frame: Extract<EdgeFrame, { type: "session.list_jobs" }>): void {
  const { forgottenThrough } = draft.state.journal;
  draft.effects.push({
    kind: "list_jobs",
    requestId: frame.id,
    jobs: frame.payload.filter.job_ids.map((jobId) => {
      const job = findJob(draft, jobId);
      if (job === undefined) {
        const state = jobId <= forgottenThrough ? "forgotten" : "not_started";
        return { jobId, state };
      }
      // Taken up counts as started: it may begin at any moment.
      return { jobId, state: job.state === "done" && job.seq !== null ? "done" : "started" };
    }),
  });
}

/** Whether there is a connection that may still bring frames, also before the session stands. */
export function isConnected({ state: { link } }: Draft): boolean {
  return link.kind !== "waiting" && link.kind !== "dialing" && link.kind !== "stopped";
}
