import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { sessionRenew } from "./session-renew.ts";

describe("ibkr_session_renew", () => {
  it("takes no arguments: there is no way to ask it to take the session over", () => {
    expect(asks(sessionRenew, {})).toEqual({});
    refusal(sessionRenew, { takeover: true });
    refusal(sessionRenew, { compete: true });
  });
});
