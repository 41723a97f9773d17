import { canonicalJson, sha256Hex } from "../../digest.ts";
import { CHUNK_MAX_BYTES, RESULT_MAX_BYTES } from "../../limits.ts";
import { cutText } from "../chunks.ts";
import { utf8Length } from "../frame-codec.ts";
import type { JobError, JobTerminal } from "../job-messages.ts";
import type { SidecarJob } from "./sidecar-state.ts";
import { type Draft, type JobEnd, send } from "./sidecar-step.ts";

/** Room for the envelope around a result. */
const ENVELOPE_BYTES = 4096;
/** A write's end is one frame in the journal and on the wire. */
const WRITE_RESULT_MAX_BYTES = 32 * 1024;

/** The end of a write, as it is journaled: one frame, whatever it is. */
export function writeTerminal(jobId: string, job: SidecarJob, end: JobEnd): JobTerminal {
  if (end.ok) {
    const text = canonicalJson(end.result);
    if (utf8Length(text) <= WRITE_RESULT_MAX_BYTES) {
      return {
        type: "job.result",
        payload: { job_id: jobId, result: end.result, result_sha256: sha256Hex(text) },
      };
    }
    return {
      type: "job.error",
      payload: {
        job_id: jobId,
        code: "PAYLOAD_TOO_LARGE",
        message: "the write was executed; its answer is too large",
        retryable: false,
        outcome: "executed",
      },
    };
  }
  const began = job.state === "started";
  return {
    type: "job.error",
    payload: errorPayload(jobId, end, end.outcome ?? (began ? "unknown" : "not_executed")),
  };
}

function errorPayload(
  jobId: string,
  end: Extract<JobEnd, { ok: false }>,
  outcome: JobError["outcome"],
): JobError {
  return {
    job_id: jobId,
    code: end.code,
    message: end.message.slice(0, 500),
    retryable: end.retryable,
    outcome,
    ...(end.retryAfterMs === undefined ? {} : { retry_after_ms: end.retryAfterMs }),
    ...(end.failure === undefined ? {} : { details: { failure: end.failure } }),
  };
}

/** The end of a read, on the wire at once: a result in one frame or in chunks, or an error. */
export function sendReadEnd(draft: Draft, jobId: string, end: JobEnd): void {
  const { link } = draft.state;
  if (link.kind !== "live") return;
  if (!end.ok) {
    send(draft, "job.error", errorPayload(jobId, end, end.outcome ?? "not_executed"));
    return;
  }
  const text = canonicalJson(end.result);
  const result_sha256 = sha256Hex(text);
  const bytes = utf8Length(text);
  if (bytes + ENVELOPE_BYTES <= link.session.maxFrameBytes) {
    send(draft, "job.result", { job_id: jobId, result: end.result, result_sha256 });
    return;
  }
  if (bytes > RESULT_MAX_BYTES || !link.session.capabilities.includes("chunks")) {
    send(draft, "job.error", {
      job_id: jobId,
      code: "PAYLOAD_TOO_LARGE",
      message: "the result is too large",
      retryable: false,
      outcome: "executed",
    });
    return;
  }
  const pieces = cutText(text, CHUNK_MAX_BYTES);
  pieces.forEach((data, chunk_seq) => {
    const more = chunk_seq < pieces.length - 1;
    send(draft, "job.result_chunk", { job_id: jobId, chunk_seq, data, more });
  });
  send(draft, "job.result", {
    job_id: jobId,
    result_sha256,
    chunks: pieces.length,
    result_bytes: bytes,
  });
}
