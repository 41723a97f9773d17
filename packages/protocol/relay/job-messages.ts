import * as z from "zod";
import { CAPABILITIES } from "../capabilities.ts";
import { CHUNK_MAX_BYTES, RESULT_MAX_BYTES } from "../limits.ts";
import { JobService } from "../service-class.ts";
import { ULID_PATTERN } from "../ulid.ts";
import { ErrorText, JobOutcome, RelayErrorCode } from "./relay-errors.ts";

/** Chosen by the edge; for a write it is the idempotency key at the sidecar. */
export const JobId = z.string().regex(ULID_PATTERN);
const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const Duration = z.int().nonnegative();

export const JobGrant = z.strictObject({
  capability: z.enum(CAPABILITIES),
  broker_account: z.string().min(1).max(32).optional(),
  /** The scope of the agent's grant that allows this. */
  scope: z.string().min(1).max(64),
  expires_at: z.iso.datetime(),
});
export type JobGrant = z.infer<typeof JobGrant>;

export const JobSubmit = z.strictObject({
  job_id: JobId,
  operation: z.string().min(1).max(64),
  input: z.record(z.string(), z.unknown()),
  /** SHA-256 of the RFC 8785 form of `input`. */
  input_sha256: Sha256,
  grant: JobGrant,
  /** From receipt; checked where the work is done. */
  deadline_ms: z.int().positive(),
  /** What the owner signed, verified by the sidecar itself; opaque to the relay. */
  approval: z.record(z.string(), z.unknown()).optional(),
  /** When it is served, never whether; left out for a PC that does not know the word `service-class`. */
  service: JobService.optional(),
});
export type JobSubmit = z.infer<typeof JobSubmit>;

/** A write is in the journal. */
export const JobAccepted = z.strictObject({ job_id: JobId });

export const JobResultChunk = z.strictObject({
  job_id: JobId,
  chunk_seq: z.int().nonnegative(),
  /** A piece of the result's RFC 8785 text, cut on code points. */
  data: z.string().max(CHUNK_MAX_BYTES),
  more: z.boolean(),
});

export const JobResult = z.strictObject({
  job_id: JobId,
  /** Absent when the result came as chunks. */
  result: z.unknown().optional(),
  /** SHA-256 of the RFC 8785 form of the result. */
  result_sha256: Sha256,
  /** Both present exactly when the result came as chunks. */
  chunks: z.int().positive().optional(),
  result_bytes: z.int().positive().max(RESULT_MAX_BYTES).optional(),
});
export type JobResult = z.infer<typeof JobResult>;

export const JobError = z.strictObject({
  job_id: JobId,
  code: RelayErrorCode,
  message: ErrorText,
  retryable: z.boolean(),
  outcome: JobOutcome,
  retry_after_ms: Duration.optional(),
  details: z.record(z.string(), z.unknown()).optional(),
});
export type JobError = z.infer<typeof JobError>;

/** How a write ended, as it stands in the journal and in `session.jobs`. */
export const JobTerminal = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("job.result"), payload: JobResult }),
  z.strictObject({ type: z.literal("job.error"), payload: JobError }),
]);
export type JobTerminal = z.infer<typeof JobTerminal>;

export const JobCancel = z.strictObject({ job_id: JobId, reason: z.string().max(200).optional() });
export const JobCancelled = z.strictObject({ job_id: JobId });
export const JobCancelRefused = z.strictObject({
  job_id: JobId,
  reason: z.enum(["already_terminal", "started", "unknown"]),
});
