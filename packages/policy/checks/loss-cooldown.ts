import { counted } from "@ibkr-edge-gateway/protocol/counted-words.ts";
import { type Check, fail, OFF, pass, unknown } from "../check.ts";

export const lossCooldownCheck: Check = {
  number: 50,
  name: "loss-cooldown",
  code: "LOSS_COOLDOWN",
  stage: "behaviour",
  scope: "entries",
  means: "No cooling-off after a row of losses is running.",
  evaluate({ snapshot, policy, figures }) {
    const { cooldown_after_losses: after, cooldown_minutes: minutes } = policy.behaviour;
    if (after === null || minutes === null) return OFF;
    const { losses } = snapshot.edge;
    if (losses === null) return unknown("The latest results");
    const measured = {
      observed: String(losses.consecutive),
      limit: String(after),
      source: "gateway.intents",
      as_of: losses.last_loss_at,
    };
    if (losses.consecutive < after || losses.last_loss_at === null) return pass(measured);
    const until = Date.parse(losses.last_loss_at) + minutes * 60_000;
    return figures.nowMs < until
      ? fail(
          `${losses.consecutive} losses in a row: entries rest for ${counted(minutes, "minute")}.`,
          measured,
        )
      : pass(measured);
  },
};
