import type { OperationOutput } from "@ibkr-edge-gateway/protocol/operation-schemas/define-operation.ts";
import type { killEngage } from "@ibkr-edge-gateway/protocol/operation-schemas/kill-engage.ts";
import type { Clock } from "../../client-portal/clock.ts";
import type { OperationRequest } from "../../operation-handlers/executor-interface.ts";
import type { Progress } from "../tracking/progress.ts";
import type { LocalRules } from "./local-rules.ts";

/** Engages this PC's kill switch. Engaged already, it stays as it is, and nobody is told again. */
export function engageKillSwitch(
  parts: {
    rules: Pick<LocalRules, "killSwitch" | "engage">;
    clock: Pick<Clock, "now">;
    progress: Pick<Progress, "alert">;
  },
  request: Pick<OperationRequest, "begin">,
  reason: string,
): OperationOutput<typeof killEngage> {
  const { rules, clock, progress } = parts;
  const before = rules.killSwitch().engaged;
  request.begin?.();
  rules.engage(reason, clock.now());
  const now = rules.killSwitch();
  if (!before) {
    progress.alert({
      alert: "kill_switch_engaged",
      message: "The kill switch at the PC was engaged. Only this PC lifts it.",
      record: null,
    });
  }
  return {
    engaged: true,
    since: now.engaged ? now.since : null,
    reason: now.engaged ? now.reason : null,
    changed: !before,
  };
}
