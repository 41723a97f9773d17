import { CLOSE } from "../relay-errors.ts";
import { frameArrived, isConnected } from "./frame-arrived.ts";
import { beginJob, finished } from "./jobs.ts";
import { journalRestarted, journalStuck, retryJournal } from "./journal-restart.ts";
import { appendEvent, appendTerminal, heldDueAt, pump, retryHeld } from "./journaling.ts";
import { closed, dial, hangUp, linkDueAt, linkTick } from "./sidecar-connection.ts";
import { answerSigned, connected, proofChecked, tokenSigned } from "./sidecar-handshake.ts";
import type { JournalWrite, SidecarState } from "./sidecar-state.ts";
import {
  type Draft,
  draftOf,
  type SidecarEffect,
  type SidecarEnv,
  type SidecarInput,
  send,
  setLink,
} from "./sidecar-step.ts";
import { jobsDueAt, jobsTick, stopUnbegun } from "./stop-jobs.ts";

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
      dialFailed(draft, input);
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
    case "proof_checked":
      verified(draft, input.valid);
      return;
    case "begin":
      beginJob(draft, input.jobId);
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
      rotate(draft, input);
      return;
    case "witnessed":
      if (draft.state.link.kind !== "live") return;
      send(draft, "audit.cosignature", input.answer, { optional: true });
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

function dialFailed(draft: Draft, input: Extract<SidecarInput, { kind: "dial_failed" }>): void {
  const { message, retryAfterMs, refusedKey } = input;
  draft.state.trouble = {
    code: refusedKey === undefined ? "UNAVAILABLE" : "UNAUTHENTICATED",
    message,
  };
  if (refusedKey?.edgeTimeMs != null) draft.state.skewMs = refusedKey.edgeTimeMs - draft.env.now;
  closed(draft, {
    code: 1006,
    reason: message,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** The edge's proof was looked at: what came meanwhile is read now, the end of the connection too. */
function verified(draft: Draft, valid: boolean): void {
  const { link } = draft.state;
  proofChecked(draft, valid);
  if (link.kind !== "verifying") return;
  pump(draft);
  for (const text of link.early) frameArrived(draft, text);
  if (link.ended !== null && draft.state.link.kind === "live") closed(draft, link.ended);
}

function rotate(draft: Draft, input: Extract<SidecarInput, { kind: "rotate" }>): void {
  if (draft.state.link.kind !== "live") {
    draft.effects.push({ kind: "rotated", refusal: "not connected" });
    return;
  }
  draft.state.rotationId = send(draft, "session.rotate_key", {
    public_key: input.publicKey,
    old_signature: input.oldSignature,
    new_signature: input.newSignature,
  }).id;
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

function stop(draft: Draft, reason: string): void {
  const { link } = draft.state;
  if (link.kind === "stopped") return;
  stopUnbegun(draft, { code: "CANCELLED", message: "the sidecar was stopped before this began" });
  if (link.kind === "live") send(draft, "session.close", { reason });
  if (isConnected(draft)) draft.effects.push({ kind: "close", code: CLOSE.done, reason });
  setLink(draft, { kind: "stopped", code: CLOSE.done, reason });
}
