import { failure, type GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JobSettlement } from "@ibkr-edge-gateway/protocol/relay/edge/edge-step.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";

/** What an owner without a PC does; `origin` is the gateway's address, so that the command runs as it is. */
export function howToPair(origin: string): string {
  return `On the PC that runs the Client Portal Gateway, run \`${sidecarCommand("pair")} ${origin}\`, then confirm its code in the console.`;
}

const START_SIDECAR = `Check that the PC is on and online, and that \`${sidecarCommand("run")}\` is running on it.`;

/** @param origin the gateway's address */
export function notPaired(origin: string): GatewayFailure {
  return failure("SIDECAR_PAIRING_REQUIRED", "No sidecar is paired with this gateway account.", {
    user_action: howToPair(origin),
  });
}

export function sidecarOffline(): GatewayFailure {
  return failure("SIDECAR_UNAVAILABLE", "The sidecar on the owner's PC is not connected.", {
    retryable: true,
    user_action: START_SIDECAR,
  });
}

/**
 * A job that failed, in the gateway's own terms; the sidecar's own words win where it has some.
 * @param origin the gateway's address
 */
export function failureOf(
  settlement: Extract<JobSettlement, { ok: false }>,
  origin: string,
): GatewayFailure {
  if (settlement.failure !== undefined) return settlement.failure;
  const wait =
    settlement.retryAfterMs === undefined ? {} : { retry_after_ms: settlement.retryAfterMs };
  switch (settlement.code) {
    case "UNAVAILABLE":
    case "HEARTBEAT_LOST":
    case "SUPERSEDED":
    case "LEASE_EXPIRED":
      return sidecarOffline();
    case "LEASE_REVOKED":
      return notPaired(origin);
    case "DEADLINE_EXCEEDED":
      return failure("DEADLINE_EXCEEDED", "The sidecar did not answer in time.", {
        retryable: true,
        user_action: `Try again; if it stays slow, look at \`${sidecarCommand("status")}\` on the PC.`,
      });
    case "RESOURCE_EXHAUSTED":
    case "BACKPRESSURE_OVERFLOW":
      return failure("RATE_LIMITED", "Too much was asked of the sidecar at once.", {
        retryable: true,
        ...wait,
      });
    case "PERMISSION_DENIED":
      return failure(
        "SIDECAR_CAPABILITY_MISSING",
        "The sidecar was not granted this, or its own policy does not allow it.",
        {
          user_action: "Look at the sidecar's capabilities in the console and in its local policy.",
        },
      );
    case "UNIMPLEMENTED":
      return failure("SIDECAR_CAPABILITY_MISSING", "The sidecar does not know this operation.", {
        user_action: "Update the sidecar on the PC.",
      });
    case "OUTCOME_UNKNOWN":
      return failure(
        "OUTCOME_UNKNOWN",
        "Whether this was carried out is not known yet. Do not send it again.",
        { user_action: "Wait for the reconciliation, or look at the account at the broker." },
      );
    case "INVALID_ARGUMENT":
      return failure("INPUT_INVALID", "The sidecar refused the input.");
    case "PAYLOAD_TOO_LARGE":
      return failure("OUTPUT_UNSAFE", "The answer was too large to be passed on.");
    default:
      return failure("SIDECAR_SESSION_INVALID", "The sidecar's answer could not be used.", {
        retryable: settlement.retryable,
      });
  }
}
