import { decodeFrame } from "../codec.ts";
import { PONG } from "../envelope.ts";
import { CLOSE } from "../errors.ts";
import { type EdgeFrame, FROM_EDGE } from "../messages.ts";
import {
  answerSigned,
  connected,
  early,
  handshakeFrame,
  proofChecked,
  refreshAsked,
  tokenSigned,
} from "./handshake.ts";
import { begin, cancelled, finished, jobsDueAt, jobsTick, stopUnbegun, submitted } from "./jobs.ts";
import { journalRestarted, journalStuck, retryJournal } from "./journal-restart.ts";
import {
  acknowledged,
  appendEvent,
  appendTerminal,
  heldDueAt,
  pump,
  retryHeld,
} from "./journaling.ts";
import { closed, dial, hangUp, linkDueAt, linkTick } from "./link.ts";
import type { JournalWrite, SidecarState } from "./state.ts";
import {
  type Draft,
  draftOf,
  findJob,
  type SidecarEffect,
  type SidecarEnv,
  type SidecarInput,
  send,
  setLink,
} from "./step.ts";

export interface SidecarStep {
  readonly state: SidecarState;
  /** To be committed to the journal, durably, before the state is adopted or an effect carried out. */
  readonly writes: readonly JournalWrite[];
  readonly effects: readonly SidecarEffect[];
}

/** How soon a journal that failed is tried again. */
const JOURNAL_RETRY_MS = 1_000;

/** One step of the sidecar's half of the protocol. Pure: time, ids and chance come with `env`. */
export function sidecarStep(
  state: SidecarState,
  input: SidecarInput,
  env: SidecarEnv,
): SidecarStep {
  const down = input.kind === "unjournaled";
  const draft = draftOf(state, env, down);
  if (down) {
    const brokenUntil = env.now + JOURNAL_RETRY_MS;
    draft.state.journal = { ...draft.state.journal, brokenUntil };
  }
  apply(draft, down ? input.input : input);
  return {
    state: { ...draft.state, jobs: draft.jobs, unjournaled: draft.unjournaled },
    writes: draft.writes,
    effects: draft.effects,
  };
}

/** When `tick` is next due; null when nothing waits for time to pass. */
export function sidecarDueAt(state: SidecarState): number | null {
  const due = [linkDueAt(state), jobsDueAt(state.jobs), heldDueAt(state)].filter(
    (at) => at !== null,
  );
  return due.length === 0 ? null : Math.min(...due);
}

function apply(draft: Draft, input: SidecarInput): void {
  if ("dial" in input && input.dial !== draft.state.dial) return;
  switch (input.kind) {
    case "start":
      recover(draft);
      dial(draft);
      return;
    case "connected":
      connected(draft);
      return;
    case "dial_failed":
      draft.state.trouble = { code: "UNAVAILABLE", message: input.message };
      closed(draft, {
        code: 1006,
        reason: input.message,
        ...(input.retryAfterMs === undefined ? {} : { retryAfterMs: input.retryAfterMs }),
      });
      return;
    case "frame":
      frameArrived(draft, input.text);
      return;
    case "binary":
      if (isConnected(draft))
        hangUp(draft, CLOSE.protocolError, "binary frames are not spoken here");
      return;
    case "closed":
      closed(draft, input);
      return;
    case "token_signed":
      tokenSigned(draft, input.token);
      return;
    case "answer_signed":
      answerSigned(draft, input.response);
      return;
    case "proof_checked": {
      const { link } = draft.state;
      proofChecked(draft, input.valid);
      if (link.kind !== "verifying") return;
      pump(draft);
      for (const text of link.early) frameArrived(draft, text);
      if (link.ended !== null && draft.state.link.kind === "live") closed(draft, link.ended);
      return;
    }
    case "begin":
      begin(draft, input.jobId);
      return;
    case "finished":
      finished(draft, input.jobId, input.end);
      return;
    case "event":
      appendEvent(draft, input.type, input.payload);
      return;
    case "pumped":
      draft.state.sentSeq = Math.max(draft.state.sentSeq, input.through);
      pump(draft);
      return;
    case "congested":
      draft.state.congested = input.on;
      pump(draft);
      return;
    case "measured":
      draft.state.journal = { ...draft.state.journal, unackedBytes: input.unackedBytes };
      return;
    case "rotate":
      if (draft.state.link.kind !== "live") {
        draft.effects.push({ kind: "rotated", refusal: "not connected" });
        return;
      }
      draft.state.rotationId = send(draft, "session.rotate_key", {
        public_key: input.publicKey,
        old_signature: input.oldSignature,
        new_signature: input.newSignature,
      }).id;
      return;
    case "journal_restarted":
      journalRestarted(draft, input.journal, input.jobs);
      return;
    case "journal_stuck":
      journalStuck(draft);
      return;
    case "tick":
      linkTick(draft);
      jobsTick(draft);
      if (draft.env.now < draft.state.journal.brokenUntil) return;
      retryJournal(draft);
      retryHeld(draft);
      return;
    case "stop":
      stop(draft, input.reason);
      return;
    case "unjournaled":
      apply(draft, input.input);
  }
}

/**
 * After a restart of the process: a write that was taken up and not begun did nothing; of one that
 * had begun nobody here can say what it did.
 */
function recover(draft: Draft): void {
  for (const [jobId, job] of draft.jobs) {
    if (job.state !== "accepted" && job.state !== "started") continue;
    const began = job.state === "started";
    appendTerminal(draft, jobId, {
      type: "job.error",
      payload: {
        job_id: jobId,
        code: began ? "OUTCOME_UNKNOWN" : "UNAVAILABLE",
        message: began
          ? "the sidecar was restarted while this was being carried out"
          : "the sidecar was restarted before this was begun",
        retryable: !began,
        outcome: began ? "unknown" : "not_executed",
      },
    });
  }
}

function frameArrived(draft: Draft, text: string): void {
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

function stop(draft: Draft, reason: string): void {
  const { link } = draft.state;
  if (link.kind === "stopped") return;
  stopUnbegun(draft, { code: "CANCELLED", message: "the sidecar was stopped before this began" });
  if (link.kind === "live") send(draft, "session.close", { reason });
  if (isConnected(draft)) draft.effects.push({ kind: "close", code: CLOSE.done, reason });
  setLink(draft, { kind: "stopped", code: CLOSE.done, reason });
}

function isConnected({ state: { link } }: Draft): boolean {
  return link.kind !== "waiting" && link.kind !== "dialing" && link.kind !== "stopped";
}
