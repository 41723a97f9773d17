import { randomBytes } from "node:crypto";
import type {
  ActOn,
  OwnerAnswerEvent,
} from "@ibkr-edge-gateway/protocol/operations/approver-page.ts";
import { isoTime } from "../../client-portal/clock.ts";
import type { BrokerEvent } from "../../client-portal/events/broker-event.ts";

/** Tells the gateway what its owner answered at this PC, so that it acts on it. */
export function ownerAnswer(actOn: ActOn, nowMs: number): BrokerEvent {
  const payload: OwnerAnswerEvent = {
    kind: "owner_answer",
    event_key: `owner-answer:${randomBytes(16).toString("hex")}`,
    observed_at: isoTime(nowMs),
    act_on: actOn,
  };
  return { type: "broker.alert", payload };
}
