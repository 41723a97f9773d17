import {
  FRAME_MAX_BYTES,
  INFLIGHT_WRITES_MAX_PER_BROKER_ACCOUNT,
  OPEN_WRITES_MAX,
} from "../../limits.ts";
import { NO_CHUNKS } from "../chunks.ts";
import { longerThan } from "../frame-codec.ts";
import type { JobOutcome, RelayErrorCode } from "../relay-errors.ts";
import { isExit, isUnqueued } from "../unqueued-writes.ts";
import { NOT_CONNECTED } from "./drop-connection.ts";
import { type EdgeJob, type EdgeState, liveConnection } from "./edge-state.ts";
import type { Draft, NewJob } from "./edge-step.ts";
import { hasReadPlace, inFlight, mayWait, nextRead, serviceOfJob } from "./read-places.ts";
import { send } from "./send.ts";

const RETRY_AFTER_MS = 250;

/** Takes a job on, or refuses it at once; a refused one was never on the wire. */
export function submitJob(draft: Draft, { submit, class: kind, traceparent }: NewJob): void {
  const refusal = refusalOf(draft, submit, kind);
  if (refusal !== null) {
    draft.effects.push({
      kind: "settle",
      jobId: submit.job_id,
      settlement: { ok: false, ...refusal },
    });
    return;
  }
  const job: EdgeJob = {
    submit,
    class: kind,
    traceparent,
    deadlineAt: draft.env.now + submit.deadline_ms,
    state: "waiting",
    epoch: 0,
    frameId: null,
    tries: 0,
    retryUntil: null,
    chunks: NO_CHUNKS,
    abandoned: false,
    sentTo: null,
  };
  draft.jobs.set(submit.job_id, job);
  if (kind === "write" || hasReadPlace(inFlight(draft), job)) putOnWire(draft, job);
}

interface Refusal {
  code: RelayErrorCode;
  message: string;
  retryable: boolean;
  outcome: JobOutcome;
  retryAfterMs?: number;
}

function refusalOf(draft: Draft, submit: NewJob["submit"], kind: NewJob["class"]): Refusal | null {
  if (liveConnection(draft) === null) return NOT_CONNECTED;
  if (draft.jobs.has(submit.job_id)) {
    // Its first submit has not ended yet, so what became of it nobody can say.
    const outcome = kind === "write" ? "unknown" : "not_executed";
    return { code: "ALREADY_EXISTS", message: "this job is in flight", retryable: false, outcome };
  }
  const exit = isExit(submit.operation);
  if (!exit && !draft.session.capabilities.includes(submit.grant.capability)) {
    return refused(
      "PERMISSION_DENIED",
      `the sidecar does not have the capability ${submit.grant.capability}`,
    );
  }
  if (longerThan(JSON.stringify(submit), FRAME_MAX_BYTES / 2)) {
    return refused("PAYLOAD_TOO_LARGE", "the input is too large");
  }
  if (exit) return null;
  if (kind === "read") return mayWait(draft, submit) ? null : busy("too many reads at once");
  const unqueued = isUnqueued(submit.operation);
  const service = serviceOfJob(submit);
  // What other writes left open, and the look for it, hold back no exit.
  if (service === "exit") {
    return exitsBeside(draft, submit)
      ? null
      : busy("another write for this broker account is in flight");
  }
  const unsettled = count(
    draft,
    (job) => counts(draft, job) && isUnqueued(job.submit.operation) === unqueued,
  );
  if (unsettled >= OPEN_WRITES_MAX) return busy("too many writes with an unsettled outcome");
  if (unqueued) return null;
  if (draft.reconciling !== null) return busy("open writes are being reconciled");
  const open = count(draft, (job) => isBeside(job, submit) && serviceOfJob(job.submit) !== "exit");
  return open < INFLIGHT_WRITES_MAX_PER_BROKER_ACCOUNT
    ? null
    : busy("another write for this broker account is in flight");
}

/** A write on the wire for the same broker account, other than one that waits for none. */
const isBeside = (job: EdgeJob, submit: NewJob["submit"]): boolean =>
  job.class === "write" &&
  job.state === "sent" &&
  !isUnqueued(job.submit.operation) &&
  job.submit.grant.broker_account === submit.grant.broker_account;

/** An exit has a place of its own beside an entry, at a PC that knows of it. */
function exitsBeside(draft: Draft, submit: NewJob["submit"]): boolean {
  const apart = knowsService(draft);
  const open = count(
    draft,
    (job) => isBeside(job, submit) && (!apart || serviceOfJob(job.submit) === "exit"),
  );
  return open < INFLIGHT_WRITES_MAX_PER_BROKER_ACCOUNT;
}

/** Whether the PC takes a job's class along, and an exit beside an entry. */
const knowsService = (draft: Draft): boolean =>
  draft.session.knows?.includes("service-class") === true;

/** A write whose journal is gone stays in doubt, and nothing it could still do needs a place here. */
function counts(draft: Draft, job: EdgeJob): boolean {
  if (job.class !== "write") return false;
  const { sidecarId, journalId } = draft.session;
  return (
    job.state !== "unknown" ||
    (job.sentTo?.sidecarId === sidecarId && job.sentTo?.journalId === journalId)
  );
}

function refused(code: RelayErrorCode, message: string): Refusal {
  return { code, message, retryable: false, outcome: "not_executed" };
}

function busy(message: string): Refusal {
  return {
    code: "RESOURCE_EXHAUSTED",
    message,
    retryable: true,
    outcome: "not_executed",
    retryAfterMs: RETRY_AFTER_MS,
  };
}

/** Puts a job on the live connection's wire; a write's row is stored before its frame can leave. */
export function putOnWire(draft: Draft, job: EdgeJob): void {
  const live = liveConnection(draft);
  const { sidecarId, journalId, epoch } = draft.session;
  if (live === null || sidecarId === null || journalId === null) return;
  const { submit } = job;
  const remaining = Math.max(1, Math.round(job.deadlineAt - draft.env.now));
  const { service, ...plain } = submit;
  const told = service === undefined || !knowsService(draft) ? {} : { service };
  const frameId = send(
    draft,
    live.id,
    "job.submit",
    { ...plain, ...told, deadline_ms: remaining },
    job.traceparent === undefined ? {} : { traceparent: job.traceparent },
  );
  const sent: EdgeJob = {
    ...job,
    state: "sent",
    epoch,
    frameId,
    tries: job.tries + 1,
    retryUntil: null,
    sentTo: { sidecarId, journalId },
  };
  draft.jobs.set(submit.job_id, sent);
  if (job.class === "write") draft.writes.push({ kind: "job", job: sent });
}

/** Fills the wire with reads that waited, in the order of service. */
export function sendWaitingReads(draft: Draft): void {
  if (liveConnection(draft) === null) return;
  const waiting = [...draft.jobs.values()].filter(
    (job) => job.class === "read" && job.state === "waiting",
  );
  if (waiting.length === 0) return;
  const taken = inFlight(draft);
  for (;;) {
    const next = nextRead(waiting, taken);
    if (next === null) return;
    waiting.splice(waiting.indexOf(next), 1);
    putOnWire(draft, next);
    taken.add(next.submit);
  }
}

function count(state: Pick<EdgeState, "jobs">, wanted: (job: EdgeJob) => boolean): number {
  let found = 0;
  for (const job of state.jobs.values()) if (wanted(job)) found += 1;
  return found;
}
