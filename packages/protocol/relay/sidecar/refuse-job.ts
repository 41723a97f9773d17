import { canonicalJson, sha256Hex } from "../../digest.ts";
import type { JsonValue } from "../../json.ts";
import { mayAskUnder } from "../../operation-schemas/define-operation.ts";
import { placesFor, rankOf, serviceOf } from "../../service-class.ts";
import type { EdgeFrame } from "../messages.ts";
import type { RelayErrorCode } from "../relay-errors.ts";
import { isExit, isUnqueued } from "../unqueued-writes.ts";
import { journalBlocksWrites } from "./journaling.ts";
import type { SidecarJob } from "./sidecar-state.ts";
import { type Draft, send } from "./sidecar-step.ts";

/** A job as the edge submits it. */
export type SubmitFrame = Extract<EdgeFrame, { type: "job.submit" }>;

/** A "no" to a job, in the terms of the wire. */
export type Refusal = { code: RelayErrorCode; message: string; retryAfterMs?: number };

const RETRY_AFTER_MS = 250;

/** What an operation is answered that this sidecar does not have. */
export const UNKNOWN_OPERATION: Refusal = {
  code: "UNIMPLEMENTED",
  message: "this sidecar does not know the operation",
};

/** Why a job is not taken up; null when it is. */
export function refusalOf(
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
  // An order is cancelled also when nothing can be written down: done twice it does no harm.
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
export function refuse(
  draft: Draft,
  frame: SubmitFrame,
  kind: "read" | "write",
  refusal: Refusal,
): void {
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

/** An error about a submit, which cannot be mistaken for the end of a job. */
export function sendRefusal(
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

/** The digest of a submit begins with its operation, also in a journal that was read again. */
export const operationOf = (job: SidecarJob): string => job.digest.split(" ", 1)[0] ?? "";

/** It came out of a JSON text. */
function asJson(value: unknown): JsonValue {
  return value as JsonValue;
}
