import { randomBytes } from "node:crypto";
import type {
  ActOn,
  ApproverEnrolledEvent,
  OwnerAnswerEvent,
} from "@ibkr-edge-gateway/protocol/operation-schemas/approval-page.ts";
import { isoTime } from "../../client-portal/clock.ts";
import type { BrokerEvent } from "../../client-portal/events/broker-event.ts";
import type { Enrolled } from "./page-service-parts.ts";

/**
 * Tells the gateway what its owner answered at this PC, so that it acts on it. The name holds what was
 * answered: by it the gateway says what became of the answer.
 */
export function ownerAnswer(ticketSha256: string, actOn: ActOn, nowMs: number): BrokerEvent {
  const payload: OwnerAnswerEvent = {
    kind: "owner_answer",
    event_key: `owner-answer:${ticketSha256}:${randomBytes(16).toString("hex")}`,
    observed_at: isoTime(nowMs),
    act_on: actOn,
  };
  return { type: "broker.alert", payload };
}

/** Tells it of a new approver: what the PC stated about it stands in the gateway's log by its hash. */
export function approverEnrolled(enrolled: Enrolled, nowMs: number): BrokerEvent {
  const payload: ApproverEnrolledEvent = {
    kind: "approver_enrolled",
    event_key: `approver-enrolled:${enrolled.statement_sha256}`,
    observed_at: isoTime(nowMs),
    ...enrolled,
  };
  // Our own plain data, as JSON sees it.
  return { type: "broker.alert", payload: JSON.parse(JSON.stringify(payload)) };
}
