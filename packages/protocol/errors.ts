import { ORDER_ONLY_CODES } from "./orders/order-refusal.ts";

/**
 * The closed set of reasons the gateway may give a caller; docs/predecessor-codes.md says what the
 * Rust predecessor called the same.
 *
 * `message` is written for the caller (a model, and the human it reads aloud to); `detail` is for
 * the log and never leaves the process that made it.
 */
export const GATEWAY_ERROR_CODES = [
  "AUTH_TOKEN_MISSING",
  "AUTH_TOKEN_INVALID",
  "AUTH_MISSING_SCOPE",
  "CLIENT_READ_ONLY_YET",
  "INPUT_INVALID",
  "INPUT_UNAUTHORIZED_ACCOUNT",
  "INPUT_AMBIGUOUS_ACCOUNT",
  "INPUT_AMBIGUOUS_CONTRACT",
  "INPUT_UNSUPPORTED_ASSET_CLASS",
  "INPUT_INVALID_CONTRACT",
  "INPUT_INVALID_TIME_RANGE",
  "BROKER_SESSION_REQUIRED",
  "BROKER_SESSION_EXPIRED",
  "BROKER_TAKEOVER_REQUIRED",
  "BROKER_BACKEND_UNAVAILABLE",
  "BROKER_RATE_LIMITED",
  "BROKER_CAPABILITY_UNAVAILABLE",
  "BROKER_RESPONSE_INVALID",
  "BROKER_CERTIFICATE_CHANGED",
  "MARKET_DATA_UNAVAILABLE",
  "MARKET_DATA_INCOMPLETE",
  "HISTORICAL_BARS_UNAVAILABLE",
  "READONLY_WRITE_FORBIDDEN",
  "OUTPUT_UNSAFE",
  "AUDIT_WRITE_FAILED",
  "SIDECAR_PAIRING_REQUIRED",
  "SIDECAR_UNAVAILABLE",
  "SIDECAR_SESSION_INVALID",
  "SIDECAR_CAPABILITY_MISSING",
  "DEADLINE_EXCEEDED",
  "RATE_LIMITED",
  "OUTCOME_UNKNOWN",
  "NOT_FOUND",
  "INTERNAL",
  ...ORDER_ONLY_CODES,
] as const;

export type GatewayErrorCode = (typeof GATEWAY_ERROR_CODES)[number];

/** What a caller is told. Crosses RPC and the relay, so it is plain data. */
export interface GatewayFailure {
  code: GatewayErrorCode;
  /** One or two sentences, no internals, no account id, no outside text. */
  message: string;
  /** True when the same call may succeed later without the caller changing it. */
  retryable: boolean;
  /** What the human should do next, in words that can be read out; null when there is nothing. */
  user_action: string | null;
  retry_after_ms?: number;
}

/** Thrown inside a process; at the process's rim it becomes a {@link GatewayFailure}. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly failure: GatewayFailure;
  /** For the log only. */
  readonly detail: string | undefined;

  constructor(failure: GatewayFailure, detail?: string) {
    super(failure.message);
    this.failure = failure;
    this.detail = detail;
  }
}

/** A failure with the usual defaults: not retryable, nothing for the human to do. */
export function failure(
  code: GatewayErrorCode,
  message: string,
  more: Partial<Omit<GatewayFailure, "code" | "message">> = {},
): GatewayFailure {
  return { code, message, retryable: false, user_action: null, ...more };
}

/** Whatever was thrown, as something a caller may see. Unknown errors share one fixed message. */
export function toFailure(thrown: unknown): GatewayFailure {
  if (thrown instanceof GatewayError) return thrown.failure;
  return failure("INTERNAL", "The gateway failed in an unexpected way. The failure was logged.");
}
