import { type Check, fail, OFF, pass } from "../check.ts";
import { inDailyWindow } from "../daily-window.ts";

export const quietHoursCheck: Check = {
  number: 52,
  name: "quiet-hours",
  code: "QUIET_HOURS",
  stage: "behaviour",
  scope: "entries",
  means: "These are not the owner's quiet hours.",
  evaluate({ policy, figures }) {
    const windows = policy.state.quiet_hours;
    if (windows.length === 0) return OFF;
    const inside = windows.find((window) => inDailyWindow(window, figures.nowMs));
    return inside === undefined
      ? pass({ source: "policy" })
      : fail(`The owner's quiet hours run until ${inside.to} ${inside.zone}.`, {
          source: "policy",
        });
  },
};
