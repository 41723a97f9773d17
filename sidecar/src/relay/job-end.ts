import {
  GatewayError,
  type GatewayErrorCode,
  toFailure,
} from "@ibkr-edge-gateway/protocol/errors.ts";
import type { RelayErrorCode } from "@ibkr-edge-gateway/protocol/relay/relay-errors.ts";
import type { JobEnd } from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-step.ts";

/** What an operation threw, as the end of its job: the relay's code for the link, ours for the caller. */
export function failedEnd(thrown: unknown): Extract<JobEnd, { ok: false }> {
  const failure = toFailure(thrown);
  return {
    ok: false,
    code: thrown instanceof GatewayError ? relayCode(failure.code) : "INTERNAL",
    message: failure.message,
    retryable: failure.retryable,
    failure,
    ...(failure.retry_after_ms === undefined ? {} : { retryAfterMs: failure.retry_after_ms }),
  };
}

function relayCode(code: GatewayErrorCode): RelayErrorCode {
  if (code.startsWith("INPUT_")) return "INVALID_ARGUMENT";
  switch (code) {
    case "BROKER_RATE_LIMITED":
    case "RATE_LIMITED":
      return "RESOURCE_EXHAUSTED";
    case "BROKER_BACKEND_UNAVAILABLE":
    case "MARKET_DATA_UNAVAILABLE":
      return "UNAVAILABLE";
    case "DEADLINE_EXCEEDED":
      return "DEADLINE_EXCEEDED";
    case "OUTCOME_UNKNOWN":
      return "OUTCOME_UNKNOWN";
    case "NOT_FOUND":
      return "NOT_FOUND";
    case "INTERNAL":
      return "INTERNAL";
    default:
      return "FAILED_PRECONDITION";
  }
}
