import * as z from "zod";
import { AuditCheckpoint, AuditCosignature } from "./audit-messages.ts";
import {
  JobAccepted,
  JobCancel,
  JobCancelled,
  JobCancelRefused,
  JobError,
  JobResult,
  JobResultChunk,
  JobSubmit,
} from "./job-messages.ts";
import {
  SessionAccepted,
  SessionAck,
  SessionAuthenticate,
  SessionChallenge,
  SessionClose,
  SessionError,
  SessionEvicted,
  SessionJobs,
  SessionKeyRotated,
  SessionListJobs,
  SessionOpen,
  SessionRefresh,
  SessionRefreshed,
  SessionRejected,
  SessionRotateKey,
  SessionUnauthenticated,
} from "./session-messages.ts";

/** A broker event's body is the broker side's affair; the relay only numbers and carries it. */
const BrokerEventPayload = z.record(z.string(), z.unknown());

export const BROKER_EVENT_TYPES = [
  "broker.session",
  "broker.order",
  "broker.execution",
  "broker.question",
  "broker.alert",
] as const;
export type BrokerEventType = (typeof BROKER_EVENT_TYPES)[number];

/** Whether frames of this type carry an event of the broker's, with a number in sequence. */
export function isBrokerEventType(type: string): type is BrokerEventType {
  return (BROKER_EVENT_TYPES as readonly string[]).includes(type);
}

/** What a sidecar may send. */
export const FROM_SIDECAR = {
  "session.open": SessionOpen,
  "session.authenticate": SessionAuthenticate,
  "session.close": SessionClose,
  "session.jobs": SessionJobs,
  "session.rotate_key": SessionRotateKey,
  "session.error": SessionError,
  "job.accepted": JobAccepted,
  "job.result_chunk": JobResultChunk,
  "job.result": JobResult,
  "job.error": JobError,
  "job.cancelled": JobCancelled,
  "job.cancel_refused": JobCancelRefused,
  "broker.session": BrokerEventPayload,
  "broker.order": BrokerEventPayload,
  "broker.execution": BrokerEventPayload,
  "broker.question": BrokerEventPayload,
  "broker.alert": BrokerEventPayload,
  "audit.cosignature": AuditCosignature,
} as const;

/** What the edge may send. */
export const FROM_EDGE = {
  "session.challenge": SessionChallenge,
  "session.accepted": SessionAccepted,
  "session.unauthenticated": SessionUnauthenticated,
  "session.rejected": SessionRejected,
  "session.refresh": SessionRefresh,
  "session.refreshed": SessionRefreshed,
  "session.evicted": SessionEvicted,
  "session.close": SessionClose,
  "session.ack": SessionAck,
  "session.list_jobs": SessionListJobs,
  "session.key_rotated": SessionKeyRotated,
  "session.error": SessionError,
  "job.submit": JobSubmit,
  "job.cancel": JobCancel,
  "audit.checkpoint": AuditCheckpoint,
} as const;

export type Catalogue = Readonly<Record<string, z.ZodType>>;

/** One decoded frame of a catalogue, discriminated by `type`. */
export type FrameOf<C extends Catalogue> = {
  [T in keyof C & string]: FrameHead & { readonly type: T; readonly payload: z.infer<C[T]> };
}[keyof C & string];

export interface FrameHead {
  readonly id: string;
  readonly timestamp: string;
  readonly session_id?: string | undefined;
  readonly epoch?: number | undefined;
  readonly correlation_id?: string | undefined;
  readonly event_seq?: number | undefined;
  readonly traceparent?: string | undefined;
}

export type SidecarFrame = FrameOf<typeof FROM_SIDECAR>;
export type EdgeFrame = FrameOf<typeof FROM_EDGE>;
