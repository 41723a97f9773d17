import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { killSwitchEngage } from "./kill-switch-engage.ts";

describe("ibkr_kill_switch_engage", () => {
  it("stops, and has no way to start again", () => {
    expect(asks(killSwitchEngage, { reason: "odd prices" })).toEqual({
      reason: "odd prices",
      cancel_working_orders: false,
    });
    for (const more of [{ engaged: false }, { lift: true }, { reason: "" }]) {
      refusal(killSwitchEngage, { reason: "odd prices", ...more });
    }
  });
});
