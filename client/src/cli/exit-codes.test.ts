import { describe, expect, it } from "vitest";
import { IbkrError, type IbkrErrorCode } from "../sdk/errors.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";
import { UsageError } from "./usage-error.ts";

const of = (code: IbkrErrorCode, facts = {}) => exitCodeOf(new IbkrError(code, "x", facts));

describe("an exit code", () => {
  it.each<[IbkrErrorCode, object, number]>([
    ["INPUT_INVALID", {}, EXIT.usage],
    ["NOTIONAL_LIMIT_REFUSED", {}, EXIT.refused],
    ["READONLY_WRITE_FORBIDDEN", {}, EXIT.refused],
    ["KILL_SWITCH_CLOSED", { userAction: "Lift it." }, EXIT.owner],
    ["SIGN_IN_REQUIRED", {}, EXIT.owner],
    ["BROKER_SESSION_REQUIRED", { userAction: "Log in." }, EXIT.owner],
    ["CALL_TIMED_OUT", { outcome: "unknown" }, EXIT.unknown],
    ["OUTCOME_UNKNOWN", { outcome: "unknown", userAction: "x" }, EXIT.unknown],
    ["SIDECAR_UNAVAILABLE", { userAction: "Start it." }, EXIT.away],
    ["GATEWAY_UNREACHABLE", {}, EXIT.away],
    ["RATE_LIMITED", { retryable: true }, EXIT.failed],
    ["NOT_FOUND", {}, EXIT.failed],
  ])("of %s %j is %i", (code, facts, exit) => {
    expect(of(code, facts)).toBe(exit);
  });

  it("of a command that was not understood, and of anything else", () => {
    expect(exitCodeOf(new UsageError("x"))).toBe(EXIT.usage);
    expect(exitCodeOf(new Error("x"))).toBe(EXIT.failed);
  });
});
