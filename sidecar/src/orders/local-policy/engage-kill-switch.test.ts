import { describe, expect, it } from "vitest";
import { engageKillSwitch } from "./engage-kill-switch.ts";

describe("the local kill switch", () => {
  function rig() {
    let engaged = false;
    const calls: string[] = [];
    const parts = {
      rules: {
        killSwitch: () =>
          engaged
            ? { engaged: true as const, since: null, reason: "by hand" }
            : { engaged: false as const },
        engage: () => {
          engaged = true;
          calls.push("engaged");
        },
      },
      clock: { now: () => 0 },
      progress: { alert: () => calls.push("told") },
    };
    return { parts, calls };
  }

  it("is engaged after the job has begun, and told once", () => {
    const { parts, calls } = rig();
    const request = { begin: () => calls.push("begun") };
    expect(engageKillSwitch(parts, request, "by hand")).toMatchObject({ changed: true });
    expect(engageKillSwitch(parts, request, "by hand")).toMatchObject({
      changed: false,
      reason: "by hand",
    });
    expect(calls).toEqual(["begun", "engaged", "told", "begun", "engaged"]);
  });

  it("is not engaged by a job that must not begin", () => {
    const { parts, calls } = rig();
    const cancelled = () => {
      throw new Error("the job was cancelled");
    };
    expect(() => engageKillSwitch(parts, { begin: cancelled }, "")).toThrow();
    expect(calls).toEqual([]);
  });
});
