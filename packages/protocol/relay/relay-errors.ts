import * as z from "zod";

/** Every reason either end may give. */
export const RELAY_ERROR_CODES = [
  "CANCELLED",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "UNAUTHENTICATED",
  "HEARTBEAT_LOST",
  "LEASE_EXPIRED",
  "LEASE_REVOKED",
  "BACKPRESSURE_OVERFLOW",
  "SUPERSEDED",
  /** Another PC holds the session by its owner's choice; ask again in a minute. */
  "STANDBY",
  "RESUME_WINDOW_EXPIRED",
  "PAYLOAD_TOO_LARGE",
  "OUTCOME_UNKNOWN",
] as const;

export const RelayErrorCode = z.enum(RELAY_ERROR_CODES);
export type RelayErrorCode = z.infer<typeof RelayErrorCode>;

/** Text that travels in an error: short, printable. */
export const ErrorText = z.string().max(500);

/** What a write did, as far as the sidecar can prove it. */
export const JobOutcome = z.enum(["not_executed", "executed", "unknown"]);
export type JobOutcome = z.infer<typeof JobOutcome>;

/** WebSocket close codes; a peer that never parsed a frame can still tell whether to come back. */
export const CLOSE = {
  /** Graceful end. */
  done: 1000,
  /** The gateway or the sidecar restarts; come back at once. */
  restart: 1012,
  /** The owner revoked this sidecar; do not come back. */
  revoked: 4001,
  /** The credentials were not accepted; come back with other ones. */
  unauthenticated: 4002,
  /** This version of the protocol is not spoken here; do not come back, tell the owner. */
  upgradeRequired: 4003,
  heartbeatLost: 4008,
  /** A newer connection took over; come back in a minute, and you may be told STANDBY. */
  superseded: 4009,
  leaseExpired: 4010,
  protocolError: 4011,
  /** Too much at once; come back after `retry_after_ms`. */
  overloaded: 4013,
} as const;

export type CloseCode = (typeof CLOSE)[keyof typeof CLOSE];

/** After these the sidecar must not dial again by itself. */
export function isFinalClose(code: number): boolean {
  return code === CLOSE.revoked || code === CLOSE.upgradeRequired;
}
