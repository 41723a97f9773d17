import * as z from "zod";
import { canonicalJson, sha256Hex } from "../../digest.ts";
import { GATEWAY_ERROR_CODES, type GatewayFailure } from "../../errors.ts";
import type { JsonValue } from "../../json.ts";
import { CHUNK_MAX_BYTES, RESULT_MAX_BYTES } from "../../limits.ts";
import { presentCode } from "../../orders/former-codes.ts";
import { addChunk, type ChunkBuffer, NO_CHUNKS } from "../chunks.ts";
import type { JobError, JobResult, JobTerminal } from "../job-messages.ts";
import type { JobSettlement } from "./edge-step.ts";

/** What a sidecar may ask us to tell the caller, in the gateway's own closed terms. */
const Failure = z.strictObject({
  code: z.preprocess(presentCode, z.enum(GATEWAY_ERROR_CODES)),
  message: z.string().max(1000),
  retryable: z.boolean(),
  user_action: z.string().max(1000).nullable(),
  retry_after_ms: z.int().nonnegative().optional(),
});

/** How a job ended, from its terminal frame (and the chunks that came before it). */
export function jobSettlementOf(
  terminal: JobTerminal,
  chunks: ChunkBuffer = NO_CHUNKS,
): JobSettlement {
  return terminal.type === "job.error"
    ? failed(terminal.payload)
    : succeeded(terminal.payload, chunks);
}

function failed(error: JobError): JobSettlement {
  const said = Failure.safeParse(error.details?.failure);
  return {
    ok: false,
    code: error.code,
    message: error.message,
    retryable: error.retryable,
    outcome: error.outcome,
    ...(error.retry_after_ms === undefined ? {} : { retryAfterMs: error.retry_after_ms }),
    ...(said.success ? { failure: withoutUndefined(said.data) } : {}),
  };
}

function withoutUndefined({ retry_after_ms, ...rest }: z.infer<typeof Failure>): GatewayFailure {
  return retry_after_ms === undefined ? rest : { ...rest, retry_after_ms };
}

/** A result counts only when it is whole: digest, and for chunks also their number and length. */
function succeeded(payload: JobResult, buffer: ChunkBuffer): JobSettlement {
  const { result_sha256: digest, chunks, result_bytes: bytes } = payload;
  const chunked = chunks !== undefined || bytes !== undefined || buffer.parts.length > 0;
  if (!chunked) {
    const result = payload.result;
    if (!isJson(result)) return broken("the result is missing");
    if (sha256Hex(canonicalJson(result)) !== digest) return broken("the result's digest differs");
    return { ok: true, result, resultSha256: digest };
  }
  if (payload.result !== undefined) return broken("the result came twice");
  if (!buffer.complete || chunks !== buffer.parts.length || bytes !== buffer.bytes) {
    return broken("the result's chunks are incomplete");
  }
  const text = buffer.parts.join("");
  if (sha256Hex(text) !== digest) return broken("the result's digest differs");
  try {
    const result: JsonValue = JSON.parse(text);
    return { ok: true, result, resultSha256: digest };
  } catch {
    return broken("the result is not JSON");
  }
}

/** It was parsed from JSON, so anything but an absent value is JSON. */
function isJson(value: unknown): value is JsonValue {
  return value !== undefined;
}

/** The job was done; what it answered cannot be trusted. */
function broken(message: string): JobSettlement {
  return { ok: false, code: "INTERNAL", message, retryable: true, outcome: "unknown" };
}

/** One more chunk of a job, or the failure it causes. */
export function withChunk(
  buffer: ChunkBuffer,
  chunk: { chunk_seq: number; data: string; more: boolean },
): ChunkBuffer | JobSettlement {
  const added = addChunk(buffer, chunk, {
    maxChunkBytes: CHUNK_MAX_BYTES,
    maxBytes: RESULT_MAX_BYTES,
  });
  if (typeof added !== "string") return added;
  return {
    ok: false,
    code: added === "too_large" ? "PAYLOAD_TOO_LARGE" : "INTERNAL",
    message: `a result chunk does not fit: ${added}`,
    retryable: false,
    outcome: "unknown",
  };
}
