import { type Check, fail, OFF, pass } from "../check.ts";
import { inDailyWindow } from "../daily-window.ts";

export const maintenanceWindowCheck: Check = {
  number: 8,
  name: "maintenance-window",
  code: "MAINTENANCE_WINDOW",
  stage: "state",
  scope: "entries",
  means: "The broker is not in a maintenance window.",
  evaluate({ policy, figures }) {
    const windows = policy.state.maintenance;
    if (windows.length === 0) return OFF;
    const inside = windows.find((window) => inDailyWindow(window, figures.nowMs));
    return inside === undefined
      ? pass({ source: "policy" })
      : fail(`The broker's maintenance runs until ${inside.to} ${inside.zone}.`, {
          limit: `${inside.from}-${inside.to} ${inside.zone}`,
          source: "policy",
        });
  },
};
