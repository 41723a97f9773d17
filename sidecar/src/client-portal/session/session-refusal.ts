import {
  failure,
  GatewayError,
  type GatewayErrorCode,
} from "@ibkr-edge-gateway/protocol/errors.ts";
import type { BrokerSession } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";

const CODES: Record<BrokerSession["state"], GatewayErrorCode> = {
  unknown: "BROKER_BACKEND_UNAVAILABLE",
  gateway_down: "BROKER_BACKEND_UNAVAILABLE",
  login_required: "BROKER_SESSION_REQUIRED",
  initializing: "BROKER_SESSION_REQUIRED",
  ready: "BROKER_BACKEND_UNAVAILABLE",
  degraded: "BROKER_SESSION_REQUIRED",
  takeover_required: "BROKER_TAKEOVER_REQUIRED",
  blocked: "BROKER_BACKEND_UNAVAILABLE",
  penalty_box: "BROKER_RATE_LIMITED",
  maintenance_suspected: "BROKER_BACKEND_UNAVAILABLE",
};

/** Why a read cannot be asked in this state, in the words the state itself uses. */
export function sessionRefusal(session: BrokerSession, now: number): GatewayError {
  const changed = session.warnings.some((warning) => warning.code === "certificate_changed");
  const silentMs = session.silent_until === null ? 0 : Date.parse(session.silent_until) - now;
  return new GatewayError(
    failure(changed ? "BROKER_CERTIFICATE_CHANGED" : CODES[session.state], session.meaning, {
      retryable: !changed,
      user_action: session.next_step,
      ...(silentMs > 0 ? { retry_after_ms: silentMs } : {}),
      ...(session.state === "initializing" ? { retry_after_ms: 5_000 } : {}),
    }),
  );
}
