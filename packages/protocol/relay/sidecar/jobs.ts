import { serviceOf } from "../../service-class.ts";
import { isExit } from "../unqueued-writes.ts";
import { sendReadEnd, writeTerminal } from "./job-ends.ts";
import { appendTerminal, journalIsBroken } from "./journaling.ts";
import {
  operationOf,
  refusalOf,
  refuse,
  type SubmitFrame,
  sendRefusal,
  UNKNOWN_OPERATION,
} from "./refuse-job.ts";
import type { SidecarJob } from "./sidecar-state.ts";
import { type Draft, findJob, type JobEnd, send } from "./sidecar-step.ts";

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
  const { traceparent } = frame;
  draft.effects.push({
    kind: "execute",
    job,
    class: operation.class,
    ...(traceparent === undefined ? {} : { traceparent }),
  });
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

/** The executor is about to do what cannot be taken back; it may when the job is `started` afterwards. */
export function beginJob(draft: Draft, jobId: string): void {
  const job = draft.jobs.get(jobId);
  if (job?.state !== "accepted") return;
  if (draft.journalDown && !isExit(operationOf(job))) return;
  // Asked here and not when it arrived: what takes long must not begin under a lease that is over.
  if (leaseIsOver(draft) && addsRisk(job)) return;
  draft.jobs.set(jobId, { ...job, state: "started" });
  if (!draft.journalDown && job.unsaved === undefined)
    draft.writes.push({ kind: "started", jobId });
}

/** The edge has not renewed it in time, or cannot be heard: what adds risk does not begin any more. */
function leaseIsOver({ state, env }: Draft): boolean {
  return state.leaseUntil !== null && env.now >= state.leaseUntil;
}

/** An older edge does not say what is an exit: then its word is not asked, and nothing is held back. */
const addsRisk = (job: SidecarJob): boolean =>
  job.service !== undefined && serviceOf(operationOf(job), job.service) !== "exit";

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

function digestOfSubmit(job: SubmitFrame["payload"]): string {
  return `${job.operation} ${job.grant.broker_account ?? "-"} ${job.input_sha256}`;
}
