import * as z from "zod";
import { CAPABILITIES } from "../capabilities.ts";
import { JobTerminal } from "./job-messages.ts";
import { ErrorText, RelayErrorCode } from "./relay-errors.ts";

const Capabilities = z.array(z.enum(CAPABILITIES)).max(CAPABILITIES.length);
/** 32 bytes, base64url without padding. */
const Bytes32 = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
/** An Ed25519 signature, base64url without padding. */
const Signature = z.string().regex(/^[A-Za-z0-9_-]{86}$/);
const Label = z.string().min(1).max(64);
const Id = z.string().min(1).max(128);
const Sequence = z.int().nonnegative();
const Duration = z.int().nonnegative();
const Reason = z.string().max(200);

export const SessionOpen = z.strictObject({
  auth: z.strictObject({ scheme: z.literal("signed_jwt"), token: z.string().min(1).max(2048) }),
  client: z.strictObject({
    kind: Label,
    version: Label,
    /** Six words over the device key. */
    fingerprint: z.string().max(120),
    /** The sidecar's id. */
    principal: Id,
  }),
  capabilities: Capabilities,
  /**
   * The journal behind `event_seq`. A sidecar that lost its journal starts another one under a new
   * id, so that old numbers are never mistaken for new ones.
   */
  journal: z.strictObject({
    id: Id,
    /** The oldest event still held; `newest_seq + 1` when none is. */
    oldest_seq: z.int().positive(),
    newest_seq: Sequence,
  }),
  resume: z
    .strictObject({ session_id: Id, resume_token: Bytes32, last_processed_seq: Sequence })
    .optional(),
});

export const SessionChallenge = z.strictObject({ challenge: Bytes32 });

export const SessionAuthenticate = z.strictObject({ response: Signature, nonce: Bytes32 });

export const SessionLimits = z.strictObject({
  max_frame_bytes: z.int().positive(),
  max_inflight_reads: z.int().positive(),
  /** Per broker account. */
  max_inflight_writes: z.int().positive(),
  heartbeat_ms: z.int().positive(),
  resume_window_ms: Duration,
});

export const SessionAccepted = z.strictObject({
  session_id: Id,
  epoch: z.int().positive(),
  runtime: z.strictObject({
    kind: Label,
    version: Label,
    fingerprint: z.string().max(120),
    trust_level: z.enum(["untrusted", "constrained", "trusted", "privileged"]),
    /** The edge's signature; see `acceptedTranscript`. */
    proof: Signature,
  }),
  capabilities: Capabilities,
  lease: z.strictObject({ expires_at: z.iso.datetime() }),
  resume_token: Bytes32,
  limits: SessionLimits,
  last_processed_seq: Sequence,
});

/**
 * Try again with other credentials. `proof` is the edge's signature (see `refusedTranscript`);
 * without it nobody knows who says so, and it is no reason to begin a new journal.
 */
export const SessionUnauthenticated = z.strictObject({
  code: RelayErrorCode,
  message: ErrorText,
  proof: Signature.optional(),
});
/** Final, with the edge's signature. */
export const SessionRejected = z.strictObject({
  code: RelayErrorCode,
  message: ErrorText,
  proof: Signature.optional(),
});
export const SessionEvicted = z.strictObject({ code: RelayErrorCode, reason: ErrorText });
export const SessionClose = z.strictObject({ reason: Reason.optional() });

/** Authenticate anew over `challenge` before `deadline_ms` have passed. */
export const SessionRefresh = z.strictObject({ deadline_ms: Duration, challenge: Bytes32 });
export const SessionRefreshed = z.strictObject({
  lease: z.strictObject({ expires_at: z.iso.datetime() }),
});

export const SessionAck = z.strictObject({ last_processed_seq: Sequence });

export const LISTED_JOBS_MAX = 64;
export const SessionListJobs = z.strictObject({
  filter: z.strictObject({ job_ids: z.array(Id).min(1).max(LISTED_JOBS_MAX) }),
});
export const ListedJob = z.discriminatedUnion("state", [
  z.strictObject({ job_id: Id, state: z.literal("not_started") }),
  z.strictObject({ job_id: Id, state: z.literal("started") }),
  z.strictObject({ job_id: Id, state: z.literal("done"), terminal: JobTerminal }),
  /** Older than what the journal remembers: nothing can be said about it. */
  z.strictObject({ job_id: Id, state: z.literal("forgotten") }),
]);
export type ListedJob = z.infer<typeof ListedJob>;
export const SessionJobs = z.strictObject({ jobs: z.array(ListedJob).max(LISTED_JOBS_MAX) });

/** A new device key, signed by the old one and by itself; see `rotationTranscript`. */
export const SessionRotateKey = z.strictObject({
  public_key: Bytes32,
  old_signature: Signature,
  new_signature: Signature,
});
export const SessionKeyRotated = z.strictObject({ fingerprint: z.string().max(120) });

/** A problem that is not the end of a job. Only `connection` and `session` scope may close. */
export const SessionError = z.strictObject({
  scope: z.enum(["connection", "session", "job", "request"]),
  code: RelayErrorCode,
  message: ErrorText,
  retryable: z.boolean(),
  retry_after_ms: Duration.optional(),
  details: z.record(z.string(), z.unknown()).optional(),
});
