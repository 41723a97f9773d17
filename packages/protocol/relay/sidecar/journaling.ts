import { UNACKED_BYTES_MAX, UNACKED_EVENTS_MAX } from "../../limits.ts";
import { utf8Length } from "../frame-codec.ts";
import type { JobTerminal } from "../job-messages.ts";
import type { BrokerEventType } from "../messages.ts";
import type { RelayErrorCode } from "../relay-errors.ts";
import type { SidecarState, Unjournaled } from "./sidecar-state.ts";
import { type Draft, send } from "./sidecar-step.ts";

/** Writes remembered after their end was acknowledged: what "the same job again" is answered from. */
export const REMEMBERED_WRITES_MAX = 2_000;
/** Broker events held in memory while the journal cannot take them. */
export const UNJOURNALED_EVENTS_MAX = 1_000;
const EVENT_MAX_BYTES = 256 * 1024;
const RETRY_BATCH_BYTES = 64 * 1024;

/** Why no new write may be taken up, or null: what it ends in must surely find room. */
export function journalBlocksWrites(
  draft: Draft,
): { code: RelayErrorCode; message: string; retryAfterMs: number } | null {
  if (overflowing(draft)) {
    return {
      code: "BACKPRESSURE_OVERFLOW",
      message: "too many events wait for an acknowledgement",
      retryAfterMs: 1_000,
    };
  }
  if (journalIsBroken(draft) || draft.unjournaled.length > 0) {
    return {
      code: "RESOURCE_EXHAUSTED",
      message: "the sidecar's journal cannot be written; is its disk full?",
      retryAfterMs: 5_000,
    };
  }
  return null;
}

/** Nothing can be written down now: the disk is full, or was a moment ago. */
export function journalIsBroken({ journalDown, env, state: { journal } }: Draft): boolean {
  return journalDown || env.now < journal.brokenUntil;
}

function overflowing({ state: { journal } }: { state: Pick<SidecarState, "journal"> }): boolean {
  return (
    journal.newestSeq - journal.ackedSeq >= UNACKED_EVENTS_MAX ||
    journal.unackedBytes >= UNACKED_BYTES_MAX
  );
}

/** Journals the end of a write; it is sent from the journal, in its turn. */
export function appendTerminal(draft: Draft, jobId: string, terminal: JobTerminal): void {
  const job = draft.jobs.get(jobId);
  if (job === undefined) return;
  if (draft.journalDown) {
    hold(draft, { kind: "terminal", jobId, terminal });
    draft.jobs.set(jobId, { ...job, state: "done", seq: null });
    return;
  }
  if (job.unsaved !== undefined) {
    draft.writes.push({ kind: "accepted", submit: job.unsaved, digest: job.digest });
  }
  const seq = append(draft, terminal.type, terminal.payload, jobId);
  draft.jobs.delete(jobId);
  draft.state.ended = new Map(draft.state.ended).set(jobId, { digest: job.digest, seq });
}

/** Journals a broker event; at the bound it waits in memory and new writes are refused meanwhile. */
export function appendEvent(
  draft: Draft,
  type: BrokerEventType,
  payload: Record<string, unknown>,
): void {
  if (utf8Length(JSON.stringify(payload)) > EVENT_MAX_BYTES) {
    draft.state.dropped += 1;
    return;
  }
  if (draft.journalDown || overflowing(draft) || draft.unjournaled.length > 0) {
    hold(draft, { kind: "event", type, payload });
    return;
  }
  append(draft, type, payload, null);
}

/** Keeps what could not be journaled. The end of a write is never given up; of events the oldest go. */
export function hold(draft: Draft, entry: Unjournaled): void {
  draft.unjournaled.push(entry);
  const events = draft.unjournaled.filter(({ kind }) => kind === "event").length;
  if (events <= UNJOURNALED_EVENTS_MAX) return;
  const oldest = draft.unjournaled.findIndex(({ kind }) => kind === "event");
  draft.unjournaled.splice(oldest, 1);
  draft.state.dropped += 1;
}

/**
 * Tries again to journal what is held: first the acknowledgement, which makes room, and then the
 * rest in order and a little at a time. All at once it might never fit, and would keep the
 * acknowledgement out with it.
 */
export function retryHeld(draft: Draft): void {
  if (draft.journalDown) return;
  if (draft.state.heldAck > 0) {
    const { heldAck } = draft.state;
    draft.state.heldAck = 0;
    acknowledged(draft, heldAck);
  } else {
    retryUnjournaled(draft);
  }
  if (draft.unjournaled.length > 0) soon(draft);
}

/** The next step is due at once. */
function soon(draft: Draft): void {
  draft.state.journal = { ...draft.state.journal, brokenUntil: draft.env.now };
}

function retryUnjournaled(draft: Draft): void {
  if (overflowing(draft)) {
    // Ends of writes may pass; they are few and bounded by what was taken up. Events wait for an ack.
    const held = draft.unjournaled;
    draft.unjournaled = held.filter(({ kind }) => kind === "event");
    for (const entry of held) {
      if (entry.kind === "terminal") appendTerminal(draft, entry.jobId, entry.terminal);
    }
    return;
  }
  const count = batchOf(draft.unjournaled);
  const batch = draft.unjournaled.slice(0, count);
  const waiting: Unjournaled[] = [];
  for (const entry of batch) {
    if (entry.kind === "terminal") appendTerminal(draft, entry.jobId, entry.terminal);
    else if (waiting.length > 0 || overflowing(draft)) waiting.push(entry);
    else append(draft, entry.type, entry.payload, null);
  }
  draft.unjournaled = [...waiting, ...draft.unjournaled.slice(count)];
  if (draft.state.dropped > 0 && draft.unjournaled.length === 0) {
    const payload = { kind: "events_dropped", count: draft.state.dropped };
    draft.state.dropped = 0;
    append(draft, "broker.alert", payload, null);
  }
}

/** When {@link retryHeld} has something to do; null while all of it waits for an acknowledgement. */
export function heldDueAt(state: SidecarState): number | null {
  const { journal, unjournaled, heldAck, dropped } = state;
  if (heldAck > 0 || journal.standIn) return journal.brokenUntil;
  if (unjournaled.length === 0) return dropped > 0 ? journal.brokenUntil : null;
  const canGo = !overflowing({ state }) || unjournaled.some(({ kind }) => kind === "terminal");
  return canGo ? journal.brokenUntil : null;
}

/** How many of the first entries make a small transaction. */
function batchOf(held: readonly Unjournaled[]): number {
  let bytes = 0;
  for (const [at, entry] of held.entries()) {
    bytes += JSON.stringify(entry).length;
    if (bytes > RETRY_BATCH_BYTES) return Math.max(1, at);
  }
  return held.length;
}

function append(draft: Draft, type: string, body: unknown, jobId: string | null): number {
  const { journal } = draft.state;
  const seq = journal.newestSeq + 1;
  const payload = JSON.stringify(body);
  const wasOverflowing = overflowing(draft);
  draft.state.journal = {
    ...journal,
    newestSeq: seq,
    unackedBytes: journal.unackedBytes + utf8Length(payload),
  };
  draft.writes.push({ kind: "event", seq, type, payload, jobId });
  if (!wasOverflowing && overflowing(draft) && draft.state.link.kind === "live") {
    send(draft, "session.error", {
      scope: "session",
      code: "BACKPRESSURE_OVERFLOW",
      message: "too many events wait for an acknowledgement; new writes are refused",
      retryable: true,
    });
  }
  pump(draft);
  return seq;
}

/** Has the transport take the events that are not on this connection's wire yet. */
export function pump(draft: Draft): void {
  const { link, congested, sentSeq, journal, dial } = draft.state;
  if (link.kind !== "live" || congested || sentSeq >= journal.newestSeq) return;
  const last = draft.effects.at(-1);
  if (last?.kind === "pump") draft.effects.pop();
  draft.effects.push({ kind: "pump", dial, after: sentSeq });
}

/** `session.ack`: what is acknowledged may be freed, and nothing else. */
export function acknowledged(draft: Draft, seq: number): void {
  const { journal } = draft.state;
  if (seq <= journal.ackedSeq || seq > journal.newestSeq) return;
  if (draft.journalDown) {
    draft.state.heldAck = Math.max(draft.state.heldAck, seq);
    return;
  }
  draft.state.journal = { ...journal, ackedSeq: seq };
  draft.writes.push({ kind: "acked", seq });
  forgetOldJobs(draft);
  if (draft.unjournaled.length > 0) soon(draft);
}

/** Bounds the memory of ended writes; the oldest ids go first, and are remembered as a limit. */
function forgetOldJobs(draft: Draft): void {
  const { journal, ended } = draft.state;
  if (ended.size <= REMEMBERED_WRITES_MAX) return;
  const acked = [...ended].filter(([, { seq }]) => seq <= journal.ackedSeq).map(([jobId]) => jobId);
  if (acked.length <= REMEMBERED_WRITES_MAX) return;
  acked.sort();
  const gone = acked.slice(0, acked.length - REMEMBERED_WRITES_MAX);
  const through = gone.at(-1) ?? journal.forgottenThrough;
  const kept = new Map(ended);
  for (const jobId of gone) kept.delete(jobId);
  draft.state.ended = kept;
  draft.state.journal = { ...draft.state.journal, forgottenThrough: through };
  draft.writes.push({ kind: "forget", jobIds: gone, through });
}
