import { describe, expect, it } from "vitest";
import { asks } from "../../../test/support/tool-input.ts";
import { sessionRequirements } from "./session-requirements.ts";

describe("ibkr_session_requirements", () => {
  it("asks the sidecar, not the edge's memory", () => {
    expect(sessionRequirements.operations).toEqual(["session.status"]);
    expect(asks(sessionRequirements, {})).toEqual({});
  });
});
