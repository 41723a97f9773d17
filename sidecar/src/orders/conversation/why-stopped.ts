import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { BrokerSession } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";
import { type Clock, isoTime } from "../../client-portal/clock.ts";
import { killFaults } from "../../trust/limits/kill-switch-file.ts";
import type { IntentRecord } from "../journal/intent-record.ts";
import type { LocalRules } from "../local-policy/local-rules.ts";

/** Why nothing may be confirmed to the broker for an intent any more; null when it may. */
export function whyStopped(
  parts: {
    rules: Pick<LocalRules, "killSwitch">;
    clock: Pick<Clock, "now">;
    session(): Pick<BrokerSession, "generation">;
  },
  record: IntentRecord,
): GatewayError | null {
  const { rules, clock, session } = parts;
  const effect =
    record.effect === null
      ? null
      : {
          kind: record.effect,
          position: "0",
          working_same_side: "0",
          at: isoTime(clock.now()),
        };
  const [fault] = killFaults(rules.killSwitch(), record.ticket.order, effect);
  if (fault !== undefined) return new GatewayError(failure("LOCAL_KILL_SWITCH", fault.message));
  return session().generation === record.generation
    ? null
    : new GatewayError(
        failure("GENERATION_CHANGED", "The broker session is another one since the order."),
      );
}
