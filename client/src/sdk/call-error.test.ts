import {
  InsufficientScopeError,
  ProtocolError,
  ProtocolErrorCode,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
} from "@modelcontextprotocol/client";
import { describe, expect, it } from "vitest";
import { callError } from "./call-error.ts";
import { refusedBy } from "./errors.ts";

const timeout = new SdkError(SdkErrorCode.RequestTimeout, "late");
const http = (status: number) =>
  new SdkHttpError(SdkErrorCode.ClientHttpNotImplemented, "http", { status });
const failed = (code: string) =>
  new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });
const aborted = AbortSignal.abort();

describe("what went wrong with a call", () => {
  it.each([
    ["an abort", timeout, aborted, "CALL_ABORTED", "unknown"],
    ["a time-out", timeout, undefined, "CALL_TIMED_OUT", "unknown"],
    ["a connection refused", failed("ECONNREFUSED"), undefined, "GATEWAY_UNREACHABLE", "not_done"],
    ["a name not found", failed("ENOTFOUND"), undefined, "GATEWAY_UNREACHABLE", "not_done"],
    ["a connection cut", failed("ECONNRESET"), undefined, "GATEWAY_UNREACHABLE", "unknown"],
    ["a bad gateway", http(502), undefined, "GATEWAY_UNREACHABLE", "unknown"],
    ["too many calls", http(429), undefined, "RATE_LIMITED", "not_done"],
    ["no access", http(401), undefined, "SIGN_IN_REQUIRED", "not_done"],
    [
      "a missing scope",
      new InsufficientScopeError({ requiredScope: "x", errorDescription: "Allow it here." }),
      undefined,
      "AUTH_MISSING_SCOPE",
      "not_done",
    ],
    [
      "a message that is wrong",
      new ProtocolError(ProtocolErrorCode.InvalidParams, "bad"),
      undefined,
      "INPUT_INVALID",
      "not_done",
    ],
  ])(
    "%s has its code, and a write's outcome is what is known of it",
    (_, thrown, signal, code, outcome) => {
      expect(callError(thrown, true, signal)).toMatchObject({ code, outcome });
      expect(callError(thrown, false, signal)).toMatchObject({ code, outcome: "not_done" });
    },
  );

  it("is never offered again by itself, where it was a write that timed out", () => {
    expect(callError(timeout, true).retryable).toBe(false);
    expect(callError(timeout, false).retryable).toBe(true);
  });
});

describe("a refusal of the gateway's", () => {
  it("keeps its code, what the owner must do, and the rest of the answer", () => {
    const answer = {
      code: "KILL_SWITCH_CLOSED",
      message: "Trading is stopped.",
      retryable: false,
      user_action: "Lift it.",
      next_step: "Call again after that.",
      retry_after_ms: 1_500,
    };
    expect(refusedBy(answer, true)).toMatchObject({
      code: "KILL_SWITCH_CLOSED",
      userAction: "Lift it.",
      nextStep: "Call again after that.",
      retryAfterMs: 1_500,
      outcome: "not_done",
      answer,
    });
  });

  it("leaves a write open where the gateway does not know, and has no code that is none", () => {
    expect(refusedBy({ code: "OUTCOME_UNKNOWN" }, true).outcome).toBe("unknown");
    expect(refusedBy({ code: "DEADLINE_EXCEEDED" }, true).outcome).toBe("unknown");
    expect(refusedBy({ code: "DEADLINE_EXCEEDED" }, false).outcome).toBe("not_done");
    expect(refusedBy({ code: "MADE_UP" }, false).code).toBe("INTERNAL");
  });
});
