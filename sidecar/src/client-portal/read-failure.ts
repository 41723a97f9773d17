import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { Verdict } from "./answer-verdict.ts";
import { LIMITS } from "./limits.ts";

/** Why a read of the broker failed, as the caller hears it. Paths and account ids stay out of both message and detail. */

/** The caller's own time is over. */
export function deadline(): GatewayError {
  return new GatewayError(
    failure("DEADLINE_EXCEEDED", "The broker did not answer within the time of this call.", {
      retryable: true,
    }),
  );
}

export function unavailable(detail: string): GatewayError {
  return new GatewayError(
    failure("BROKER_BACKEND_UNAVAILABLE", "The broker's gateway did not answer.", {
      retryable: true,
    }),
    detail,
  );
}

export function unreadable(name: string, detail: string): GatewayError {
  return new GatewayError(
    failure("BROKER_RESPONSE_INVALID", "The broker's answer could not be understood.", {
      retryable: true,
    }),
    `${name}: ${detail}`,
  );
}

/** What an answer that is no answer means where the question has no meaning of its own for it. */
export function generalFailure(
  name: string,
  verdict: Exclude<Verdict, { kind: "ok" }>,
): GatewayError {
  switch (verdict.kind) {
    case "unauthorized":
    case "no_brokerage":
    case "not_primed":
      return new GatewayError(
        failure("BROKER_SESSION_REQUIRED", "The broker says its session is not usable now.", {
          retryable: true,
          user_action: "If this lasts, log in to the Client Portal Gateway again.",
        }),
        `${name}: ${verdict.kind}`,
      );
    case "rate_limited":
      return new GatewayError(
        failure("BROKER_RATE_LIMITED", "The broker refused us for asking too often.", {
          retryable: true,
          retry_after_ms: LIMITS.penaltyMs,
        }),
      );
    case "denied":
      return new GatewayError(
        failure("BROKER_BACKEND_UNAVAILABLE", "The gateway denied access to this program.", {
          user_action:
            "Log in to the Client Portal Gateway if nobody is; some builds refuse everything before a login. Else check that its conf.yaml allows 127.0.0.1.",
        }),
      );
    case "unavailable":
      return unavailable(`${name}: ${verdict.status}`);
    case "refused":
      return new GatewayError(
        failure("BROKER_RESPONSE_INVALID", "The broker refused this question."),
        `${name}: ${verdict.status} ${withoutAccountIds(verdict.text)}`,
      );
    case "empty":
    case "unreadable":
      return unreadable(name, verdict.kind);
  }
}

function withoutAccountIds(text: string): string {
  return text.replace(/\b[A-Z]{1,3}\d{5,12}[A-Z]?\b/g, "(account)").slice(0, 200);
}
