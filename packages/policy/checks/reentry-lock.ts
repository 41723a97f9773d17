import { counted } from "@ibkr-edge-gateway/protocol/counted-words.ts";
import { type Check, fail, OFF, pass, unknown } from "../check.ts";

export const reentryLockCheck: Check = {
  number: 50,
  name: "reentry-lock",
  code: "REENTRY_LOCKED",
  stage: "behaviour",
  scope: "entries",
  means: "The contract was not stopped out of a short while ago.",
  evaluate({ snapshot, policy, figures }) {
    const minutes = policy.behaviour.reentry_lock_minutes;
    if (minutes === null || minutes === 0) return OFF;
    const { losses } = snapshot.edge;
    if (losses === null) return unknown("The latest stop-outs");
    const latest = losses.stop_outs.find(
      (stop) =>
        stop.conid === figures.leg.contract.conid &&
        figures.nowMs - Date.parse(stop.at) < minutes * 60_000,
    );
    return latest === undefined
      ? pass({ source: "gateway.intents" })
      : fail(`A stop in this contract filled less than ${counted(minutes, "minute")} ago.`, {
          source: "gateway.intents",
          as_of: latest.at,
        });
  },
};
