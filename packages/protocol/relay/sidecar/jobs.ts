import { canonicalJson, sha256Hex } from "../../digest.ts";
import type { JsonValue } from "../../json.ts";
import { mayAskUnder } from "../../operations/define-operation.ts";
import { placesFor, rankOf, serviceOf } from "../../service-class.ts";
import type { RelayErrorCode } from "../errors.ts";
import type { JobError } from "../job-messages.ts";
import type { EdgeFrame } from "../messages.ts";
import { isExit, isUnqueued } from "../unqueued.ts";
import { sendReadEnd, writeTerminal } from "./job-ends.ts";
import { appendTerminal, journalBlocksWrites, journalIsBroken } from "./journaling.ts";
import type { SidecarJob } from "./state.ts";
import { type Draft, findJob, type JobEnd, send } from "./step.ts";

type SubmitFrame = Extract<EdgeFrame, { type: "job.submit" }>;
type Refusal = { code: RelayErrorCode; message: string; retryAfterMs?: number };

const RETRY_AFTER_MS = 250;
/** A job from the edge: known already, refused, or taken up. */
export function submitted(draft: Draft, frame: SubmitFrame): void {
  const job = frame.payload;
  const digest = digestOfSubmit(job);
  const known = findJob(draft, job.job_id);
  if (known !== undefined) {
    submittedAgain(draft, frame, known, digest);
    return;
  }
  const operation = draft.env.operations(job.operation);
  const refusal = refusalOf(draft, frame, operation);
  if (refusal !== null || operation === null) {
    refuse(draft, frame, operation?.class ?? "read", refusal ?? UNKNOWN_OPERATION);
    return;
  }
  const unsaved = operation.class === "write" && journalIsBroken(draft);
  draft.jobs.set(job.job_id, {
    class: operation.class,
    digest,
    brokerAccount: job.grant.broker_account ?? null,
    ...(job.service === undefined ? {} : { service: job.service.class }),
    deadlineAt: draft.env.now + job.deadline_ms,
    state: operation.class === "read" ? "running" : "accepted",
    seq: null,
    ...(unsaved ? { unsaved: job } : {}),
  });
  if (operation.class === "write" && !unsaved) {
    draft.writes.push({ kind: "accepted", submit: job, digest });
    send(draft, "job.accepted", { job_id: job.job_id }, { correlation_id: frame.id });
  }
  draft.effects.push({ kind: "execute", job, class: operation.class });
}

/** The same job again: its present state or its end once more; another job under its id: refused. */
function submittedAgain(draft: Draft, frame: SubmitFrame, known: SidecarJob, digest: string): void {
  if (known.digest !== digest) {
    sendRefusal(draft, frame, "request", {
      code: "ALREADY_EXISTS",
      message: "another job has this id",
    });
    return;
  }
  if (known.class === "read") return;
  if (known.state === "done" && known.seq !== null) {
    draft.effects.push({ kind: "resend_terminal", jobId: frame.payload.job_id });
  } else {
    send(draft, "job.accepted", { job_id: frame.payload.job_id }, { correlation_id: frame.id });
  }
}

const UNKNOWN_OPERATION: Refusal = {
  code: "UNIMPLEMENTED",
  message: "this sidecar does not know the operation",
};

function refusalOf(
  draft: Draft,
  frame: SubmitFrame,
  operation: ReturnType<Draft["env"]["operations"]>,
): Refusal | null {
  const { link, congested, journal } = draft.state;
  const { payload: job } = frame;
  const { grant } = job;
  if (operation === null) return UNKNOWN_OPERATION;
  if (link.kind !== "live") return { code: "FAILED_PRECONDITION", message: "no session" };
  if (sha256Hex(canonicalJson(asJson(job.input))) !== job.input_sha256) {
    return { code: "INVALID_ARGUMENT", message: "the input's digest differs" };
  }
  if (!mayAskUnder(operation, grant.capability)) {
    return { code: "PERMISSION_DENIED", message: "the grant is for another capability" };
  }
  if (
    // A mode switched off at the PC must not strand what stands at the broker.
    job.operation !== "order.cancel" &&
    (!link.session.capabilities.includes(grant.capability) ||
      !draft.env.offered.includes(grant.capability))
  ) {
    return { code: "PERMISSION_DENIED", message: "the local policy does not allow this" };
  }
  const { brokerAccounts } = draft.env;
  const account = grant.broker_account;
  if (account !== undefined && brokerAccounts !== null && !brokerAccounts.includes(account)) {
    return { code: "PERMISSION_DENIED", message: "the local policy does not allow this account" };
  }
  // Both times are the edge's own: no clock of this PC can prolong a grant.
  if (Date.parse(grant.expires_at) <= Date.parse(frame.timestamp)) {
    return { code: "LEASE_EXPIRED", message: "the grant has expired" };
  }
  if (operation.class === "read") {
    const service = serviceOf(job.operation, job.service?.class);
    // What an order needs is small, and goes also behind what is large.
    if (congested && rankOf(service) > rankOf("entry")) return busy("the connection is congested");
    // An older edge tells no class apart, and is held to the whole only.
    const { maxReads } = link.session;
    const places = job.service === undefined ? maxReads : placesFor(service, maxReads);
    return reads(draft) < places ? null : busy("too many reads at once");
  }
  if (job.job_id <= journal.forgottenThrough) {
    return { code: "FAILED_PRECONDITION", message: "this job id is older than the journal" };
  }
  // An order is taken back also when nothing can be written down: done twice it does no harm.
  const blocked = isExit(job.operation) ? null : journalBlocksWrites(draft);
  if (blocked !== null) return blocked;
  if (isUnqueued(job.operation)) return null;
  return writesBeside(draft, job) < link.session.maxWrites
    ? null
    : busy("another write for this broker account is in flight");
}

function busy(message: string): Refusal {
  return { code: "RESOURCE_EXHAUSTED", message, retryAfterMs: RETRY_AFTER_MS };
}

const reads = (draft: Draft): number =>
  [...draft.jobs.values()].filter((job) => job.class === "read" && job.state !== "done").length;

/** Writes under way that this one would have to wait for: an exit waits for exits, an entry for entries. */
function writesBeside(draft: Draft, { operation, grant, service }: SubmitFrame["payload"]): number {
  const exit = serviceOf(operation, service?.class) === "exit";
  let count = 0;
  for (const job of draft.jobs.values()) {
    if (job.class !== "write" || job.state === "done") continue;
    if (job.brokerAccount !== (grant.broker_account ?? null)) continue;
    if (draft.env.now >= job.deadlineAt || isUnqueued(operationOf(job))) continue;
    if ((serviceOf(operationOf(job), job.service) === "exit") === exit) count += 1;
  }
  return count;
}

/**
 * Says no. The end of a write is always a numbered event, so a write that was never taken up is
 * refused by an error about its submit instead: it cannot be mistaken for the end of any job.
 */
function refuse(draft: Draft, frame: SubmitFrame, kind: "read" | "write", refusal: Refusal): void {
  if (kind === "write") {
    sendRefusal(draft, frame, "job", refusal);
    return;
  }
  send(
    draft,
    "job.error",
    {
      job_id: frame.payload.job_id,
      code: refusal.code,
      message: refusal.message,
      retryable: refusal.retryAfterMs !== undefined,
      outcome: "not_executed",
      ...(refusal.retryAfterMs === undefined ? {} : { retry_after_ms: refusal.retryAfterMs }),
    },
    { correlation_id: frame.id },
  );
}

function sendRefusal(
  draft: Draft,
  frame: SubmitFrame,
  scope: "job" | "request",
  refusal: Refusal,
): void {
  send(
    draft,
    "session.error",
    {
      scope,
      code: refusal.code,
      message: refusal.message,
      retryable: refusal.retryAfterMs !== undefined,
      ...(refusal.retryAfterMs === undefined ? {} : { retry_after_ms: refusal.retryAfterMs }),
    },
    { correlation_id: frame.id },
  );
}

/** The executor is about to do what cannot be taken back; it may when the job is `started` afterwards. */
export function beginJob(draft: Draft, jobId: string): void {
  const job = draft.jobs.get(jobId);
  if (job?.state !== "accepted") return;
  if (draft.journalDown && !isExit(operationOf(job))) return;
  draft.jobs.set(jobId, { ...job, state: "started" });
  if (!draft.journalDown && job.unsaved === undefined)
    draft.writes.push({ kind: "started", jobId });
}

/** The executor is done with a job. What was cancelled or timed out before has its end already. */
export function finished(draft: Draft, jobId: string, end: JobEnd): void {
  const job = draft.jobs.get(jobId);
  if (job === undefined || job.state === "done") return;
  if (job.class === "read") {
    draft.jobs.delete(jobId);
    if (draft.state.link.kind === "live") sendReadEnd(draft, jobId, end);
    return;
  }
  appendTerminal(draft, jobId, writeTerminal(jobId, job, end));
}

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

/** The digest of a submit begins with its operation, also in a journal that was read again. */
const operationOf = (job: SidecarJob): string => job.digest.split(" ", 1)[0] ?? "";

function digestOfSubmit(job: SubmitFrame["payload"]): string {
  return `${job.operation} ${job.grant.broker_account ?? "-"} ${job.input_sha256}`;
}

/** It came out of a JSON text. */
function asJson(value: unknown): JsonValue {
  return value as JsonValue;
}
