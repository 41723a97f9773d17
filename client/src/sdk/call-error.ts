import {
  InsufficientScopeError,
  ProtocolError,
  ProtocolErrorCode,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  UnauthorizedError,
} from "@modelcontextprotocol/client";
import { IbkrError } from "./errors.ts";
import { signInRequired } from "./login.ts";

/** A connection that was never made carried nothing. */
const NOT_SENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "ENETUNREACH", "EHOSTUNREACH"]);

/**
 * What the libraries threw, as the one error of this client. `writes`: the call could have changed
 * something, so that whatever leaves its end open is `unknown`.
 */
export function callError(thrown: unknown, writes: boolean, signal?: AbortSignal): IbkrError {
  if (thrown instanceof IbkrError) return thrown;
  const open = writes ? "unknown" : "not_done";
  // The library reports an abort and a time-out alike.
  if (signal?.aborted) {
    return new IbkrError("CALL_ABORTED", "The call was ended by its caller.", {
      outcome: open,
      cause: thrown,
    });
  }
  if (thrown instanceof InsufficientScopeError) {
    const said = thrown.errorDescription ?? null;
    return new IbkrError("AUTH_MISSING_SCOPE", said ?? "This connection may not do that.", {
      userAction: said ?? "Give this program the permission in the console, under Clients.",
      cause: thrown,
    });
  }
  if (thrown instanceof UnauthorizedError || isUnauthorized(thrown)) return signInRequired();
  if (thrown instanceof SdkHttpError && thrown.status === 429) {
    return new IbkrError("RATE_LIMITED", "Too many calls in a short time.", {
      retryable: true,
      cause: thrown,
    });
  }
  if (thrown instanceof ProtocolError) {
    const invalid = thrown.code === ProtocolErrorCode.InvalidParams;
    return new IbkrError(invalid ? "INPUT_INVALID" : "INTERNAL", thrown.message, {
      outcome: invalid ? "not_done" : open,
      cause: thrown,
    });
  }
  if (thrown instanceof SdkError && thrown.code === SdkErrorCode.RequestTimeout) {
    return new IbkrError("CALL_TIMED_OUT", "The gateway did not answer in time.", {
      retryable: !writes,
      outcome: open,
      cause: thrown,
    });
  }
  return new IbkrError("GATEWAY_UNREACHABLE", "The gateway could not be reached.", {
    retryable: true,
    outcome: neverSent(thrown) ? "not_done" : open,
    cause: thrown,
  });
}

function isUnauthorized(thrown: unknown): boolean {
  return thrown instanceof SdkHttpError && thrown.status === 401;
}

function neverSent(thrown: unknown): boolean {
  for (let cause = thrown; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && typeof cause.code === "string" && NOT_SENT.has(cause.code)) return true;
    if (cause instanceof AggregateError) return cause.errors.every(neverSent);
  }
  return false;
}
