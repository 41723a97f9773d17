import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { killSwitchStatus } from "./kill-switch-status.ts";

describe("ibkr_kill_switch_status", () => {
  it("takes nothing", () => {
    expect(asks(killSwitchStatus, {})).toEqual({});
    refusal(killSwitchStatus, { lift: true });
  });
});
