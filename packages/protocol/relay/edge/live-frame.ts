import { ACK_EVENTS_MAX, ACK_INTERVAL_MS } from "../../limits.ts";
import type { JobTerminal } from "../job-messages.ts";
import { isBrokerEventType, type SidecarFrame } from "../messages.ts";
import { CLOSE } from "../relay-errors.ts";
import { jobsListed } from "./ask-journal.ts";
import { dropConnection, endJob } from "./drop-connection.ts";
import { type ConnectionId, liveConnection, type Phase } from "./edge-state.ts";
import { type Draft, setPhase, setSession } from "./edge-step.ts";
import { jobSettlementOf, withChunk } from "./job-settlement.ts";
import { answerRefresh, rotateKey } from "./lease.ts";
import { settleGoneJournals } from "./lost-writes.ts";
import { close, send, sendProblem } from "./send.ts";
import { sendWaitingReads } from "./submit-job.ts";

type Live = Extract<Phase, { kind: "live" }>;

/** A frame on the live connection. */
export function liveFrame(
  draft: Draft,
  conn: ConnectionId,
  phase: Live,
  frame: SidecarFrame,
): void {
  if (!belongsHere(draft, conn, phase, frame)) return;
  if (!phase.confirmed) confirmToken(draft, conn, phase);
  if (frame.event_seq !== undefined) {
    sequenced(draft, conn, frame, frame.event_seq);
    return;
  }
  switch (frame.type) {
    case "job.result":
    case "job.error":
      readEnded(draft, conn, frame);
      return;
    case "job.result_chunk":
      chunkArrived(draft, frame);
      return;
    case "job.accepted":
      return;
    case "job.cancelled":
      draft.effects.push({
        kind: "cancel_answered",
        jobId: frame.payload.job_id,
        answer: "cancelled",
      });
      return;
    case "job.cancel_refused":
      draft.effects.push({
        kind: "cancel_answered",
        jobId: frame.payload.job_id,
        answer: frame.payload.reason,
      });
      return;
    case "session.jobs":
      jobsListed(draft, frame.correlation_id, frame.payload.jobs);
      return;
    case "session.authenticate":
      answerRefresh(draft, conn, phase, frame);
      return;
    case "session.rotate_key":
      rotateKey(draft, conn, phase, frame);
      return;
    case "session.close":
      close(draft, conn, CLOSE.done, "closed by the sidecar");
      dropConnection(draft, { audited: "closed" });
      return;
    case "session.error":
      submitRefused(draft, frame);
      return;
    case "audit.cosignature": {
      const { sidecarId } = draft.session;
      if (sidecarId === null) return;
      draft.effects.push({ kind: "audit_answered", sidecarId, answer: frame.payload });
      return;
    }
    case "session.open":
      violation(draft, conn, frame.id, "a session is open already");
      return;
    default:
      violation(draft, conn, frame.id, "this frame must carry event_seq");
  }
}

/** The end of a read. A write's end is an event with a number, and never comes this way. */
function readEnded(
  draft: Draft,
  conn: ConnectionId,
  frame: Extract<SidecarFrame, { type: "job.result" | "job.error" }>,
): void {
  const job = draft.jobs.get(frame.payload.job_id);
  if (job?.class === "write") {
    sendProblem(draft, conn, "request", {
      code: "INVALID_ARGUMENT",
      message: "the end of a write carries event_seq",
      id: frame.id,
    });
    return;
  }
  if (job?.state !== "sent") return;
  endJob(draft, frame.payload.job_id, jobSettlementOf(terminalOf(frame), job.chunks));
  sendWaitingReads(draft);
}

/** A part of a long answer; one that does not fit to the others ends the read. */
function chunkArrived(
  draft: Draft,
  { payload }: Extract<SidecarFrame, { type: "job.result_chunk" }>,
): void {
  const job = draft.jobs.get(payload.job_id);
  if (job?.class !== "read" || job.state !== "sent") return;
  const chunks = withChunk(job.chunks, payload);
  if ("ok" in chunks) {
    endJob(draft, payload.job_id, chunks);
    sendWaitingReads(draft);
  } else {
    draft.jobs.set(payload.job_id, { ...job, chunks });
  }
}

/**
 * The sidecar refused a submit before taking the job up, so nothing was executed. Only the job whose
 * own frame is answered ends. "Exists already" says that another write stands under this id: what
 * that one did nobody here knows, and its end must not be taken for this one's.
 */
function submitRefused(
  draft: Draft,
  frame: Extract<SidecarFrame, { type: "session.error" }>,
): void {
  const { code, message, retryable, retry_after_ms } = frame.payload;
  if (frame.correlation_id === undefined) return;
  for (const [jobId, job] of draft.jobs) {
    if (job.frameId !== frame.correlation_id || job.state === "waiting") continue;
    const taken = code === "ALREADY_EXISTS" && job.class === "write";
    endJob(draft, jobId, {
      ok: false,
      code: taken ? "OUTCOME_UNKNOWN" : code,
      message: taken ? "the sidecar holds another write under this id" : message,
      retryable: retryable && !taken,
      outcome: taken ? "unknown" : "not_executed",
      ...(retry_after_ms === undefined ? {} : { retryAfterMs: retry_after_ms }),
    });
    sendWaitingReads(draft);
    return;
  }
}

/** Session and epoch of the frame against those of the connection. */
function belongsHere(draft: Draft, conn: ConnectionId, phase: Live, frame: SidecarFrame): boolean {
  if (frame.session_id !== phase.sessionId) {
    violation(draft, conn, frame.id, "this frame is of another session", "PERMISSION_DENIED");
    return false;
  }
  if (frame.epoch === phase.epoch) return true;
  if (frame.epoch !== undefined && frame.epoch < phase.epoch) {
    sendProblem(draft, conn, "session", {
      code: "SUPERSEDED",
      message: "this frame is of an older epoch",
      id: frame.id,
    });
    close(draft, conn, CLOSE.superseded, "old epoch");
    dropConnection(draft, { audited: "old_epoch" });
    return false;
  }
  violation(draft, conn, frame.id, "this frame's epoch was never given out");
  return false;
}

function violation(
  draft: Draft,
  conn: ConnectionId,
  id: string,
  message: string,
  code: "FAILED_PRECONDITION" | "PERMISSION_DENIED" = "FAILED_PRECONDITION",
  details?: Record<string, unknown>,
): void {
  sendProblem(
    draft,
    conn,
    "session",
    { code, message, id },
    details === undefined ? {} : { details },
  );
  close(draft, conn, CLOSE.protocolError, message);
  dropConnection(draft, { audited: "protocol_error" });
}

/** The new resume token arrived, so the one before it is worth nothing from now on. */
function confirmToken(draft: Draft, conn: ConnectionId, phase: Live): void {
  setPhase(draft, conn, { ...phase, confirmed: true });
  const { resume } = draft.session;
  if (resume !== null && resume.previous !== null) {
    setSession(draft, { ...draft.session, resume: { ...resume, previous: null } });
  }
}

/** Events and ends of writes: in order, without gaps, each applied exactly once. */
function sequenced(draft: Draft, conn: ConnectionId, frame: SidecarFrame, seq: number): void {
  const { sidecarId, journalId } = draft.session;
  if (sidecarId === null || journalId === null) return;
  const terminal = frame.type === "job.result" || frame.type === "job.error";
  if (!terminal && !isBrokerEventType(frame.type)) {
    violation(draft, conn, frame.id, "this frame type is not sequenced");
    return;
  }
  if (seq > draft.cursor + 1) {
    violation(draft, conn, frame.id, "an event is missing", "FAILED_PRECONDITION", {
      expected_seq: draft.cursor + 1,
    });
    return;
  }
  if (seq === draft.cursor + 1) {
    draft.cursor = seq;
    draft.writes.push({ kind: "cursor", sidecarId, journalId, seq });
    if (isBrokerEventType(frame.type)) {
      const payload = frame.payload as Record<string, unknown>;
      draft.writes.push({ kind: "event", sidecarId, seq, type: frame.type, payload });
    }
  }
  // Also when the number is old: a terminal repeated on request finds its job still open.
  if (frame.type === "job.result" || frame.type === "job.error") {
    const job = draft.jobs.get(frame.payload.job_id);
    if (job?.class === "write") {
      endJob(draft, frame.payload.job_id, jobSettlementOf(terminalOf(frame)));
    }
  }
  settleGoneJournals(draft);
  acknowledge(draft);
}

function terminalOf(
  frame: Extract<SidecarFrame, { type: "job.result" | "job.error" }>,
): JobTerminal {
  return frame.type === "job.result"
    ? { type: "job.result", payload: frame.payload }
    : { type: "job.error", payload: frame.payload };
}

/** Acknowledges when enough has come or enough time has passed; `nextDueAt` covers the rest. */
export function acknowledge(draft: Draft): void {
  const live = liveConnection(draft);
  if (live === null) return;
  const { cursor, ackedAt, env } = draft;
  const behind = cursor - live.phase.ackedSeq;
  if (behind <= 0) return;
  if (behind < ACK_EVENTS_MAX && env.now - ackedAt < ACK_INTERVAL_MS) return;
  send(draft, live.id, "session.ack", { last_processed_seq: cursor });
  setPhase(draft, live.id, { ...live.phase, ackedSeq: cursor });
  draft.ackedAt = env.now;
}
