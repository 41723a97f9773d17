import { ApproverEnrolledEvent } from "@ibkr-edge-gateway/protocol/operation-schemas/approval-page.ts";
import {
  BrokerExecutionEvent,
  BrokerOrderEvent,
} from "@ibkr-edge-gateway/protocol/operation-schemas/broker-events.ts";
import {
  IntentAlertEvent,
  IntentQuestionEvent,
  IntentStateEvent,
  OrderStatedEvent,
} from "@ibkr-edge-gateway/protocol/operation-schemas/order-events.ts";
import { readNewer } from "@ibkr-edge-gateway/protocol/operation-schemas/read-newer-version.ts";
import type { OrderParts } from "../order-context.ts";
import { approverEnrolled } from "./approver-report.ts";
import { ownOrder } from "./cancel-transaction.ts";
import { crossCheck, isExplained } from "./cross-check.ts";
import { executed } from "./execution-report.ts";
import { intentChanged } from "./intent-report.ts";
import { keepPcStatements } from "./keep-pc-statements.ts";
import { searchMoved } from "./order-changed-at-broker.ts";
import { questionReported } from "./question-report.ts";
import { raiseAlert } from "./raise-alert.ts";

/**
 * What the sidecar tells of orders. Called inside the transaction that also moves the event cursor,
 * so that each is applied exactly once, with its leaf. What is not understood changes nothing.
 */
export function applyOrderEvent(
  parts: OrderParts,
  event: { type: string; payload: Record<string, unknown> },
): void {
  switch (event.type) {
    case "broker.order": {
      const report = readNewer(IntentStateEvent, event.payload);
      if (report.ok) {
        intentChanged(parts, report.value);
        return;
      }
      const stated = readNewer(OrderStatedEvent, event.payload);
      if (stated.ok) {
        const { sidecarId } = parts.relay.presence();
        if (sidecarId !== null) keepPcStatements(parts, stated.value.stated, sidecarId);
        return;
      }
      const seen = readNewer(BrokerOrderEvent, event.payload);
      if (!seen.ok) return;
      const { order } = seen.value;
      crossCheck(parts, order.account_id, [order]);
      searchMoved(parts, order);
      return;
    }
    case "broker.question": {
      const report = readNewer(IntentQuestionEvent, event.payload);
      if (report.ok) questionReported(parts, report.value);
      return;
    }
    case "broker.execution": {
      const report = readNewer(BrokerExecutionEvent, event.payload);
      if (report.ok) executed(parts, report.value);
      return;
    }
    case "broker.alert": {
      const report = readNewer(IntentAlertEvent, event.payload);
      if (!report.ok) {
        const enrolled = readNewer(ApproverEnrolledEvent, event.payload);
        if (enrolled.ok) approverEnrolled(parts, enrolled.value);
        return;
      }
      const { alert, message, broker_text, cancel_offered, account_id, coid, event_key } =
        report.value;
      if (alert === "unexplained_order" && isKnownHere(parts, report.value)) return;
      raiseAlert(
        parts,
        {
          key: event_key,
          kind: alert,
          brokerAccount: account_id,
          coid,
          message,
          brokerText: broker_text?.untrusted_text ?? null,
          cancelOffered: cancel_offered,
        },
        "pc",
      );
      return;
    }
  }
}

/**
 * Whether an order that the PC cannot explain is explained here: another PC of the owner's sent it.
 * More orders under one reference than were sent, which the PC tells with its intent, stay an alarm.
 */
function isKnownHere(
  parts: OrderParts,
  { account_id, coid, intent_hash, cancel_offered }: IntentAlertEvent,
): boolean {
  if (account_id === null || intent_hash !== null) return false;
  if (coid !== null) return isExplained(parts, account_id, coid);
  // A PC that does not name the reference names the number.
  const { sql } = parts.storage;
  const ofNumber = (orderId: string) =>
    (["paper", "live"] as const)
      .map((mode) => ownOrder(sql, { brokerAccount: account_id, mode, orderId }))
      .find((intent) => intent !== null)?.coid;
  return (
    cancel_offered.length > 0 &&
    cancel_offered.every((orderId) => {
      const ref = ofNumber(orderId);
      return ref !== undefined && isExplained(parts, account_id, ref);
    })
  );
}
