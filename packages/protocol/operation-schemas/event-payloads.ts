import type * as z from "zod";
import type { BrokerEventType } from "../relay/messages.ts";
import { ApproverEnrolledEvent, OwnerAnswerEvent } from "./approval-page.ts";
import { BrokerAlertEvent, BrokerExecutionEvent, BrokerOrderEvent } from "./broker-events.ts";
import {
  IntentAlertEvent,
  IntentQuestionEvent,
  IntentStateEvent,
  OrderStatedEvent,
} from "./order-events.ts";
import { BrokerSession } from "./session-status.ts";

/**
 * What a numbered broker event may carry, by its type and by a name of its own. Where a type has more
 * than one, `kind` sets them apart; the one without `kind` is the broker's own news.
 */
export const EVENT_PAYLOADS = {
  "broker.session": { session: BrokerSession },
  "broker.order": {
    order: BrokerOrderEvent,
    intent_state: IntentStateEvent,
    order_stated: OrderStatedEvent,
  },
  "broker.execution": { execution: BrokerExecutionEvent },
  "broker.question": { intent_question: IntentQuestionEvent },
  "broker.alert": {
    alert: BrokerAlertEvent,
    intent_alert: IntentAlertEvent,
    owner_answer: OwnerAnswerEvent,
    approver_enrolled: ApproverEnrolledEvent,
  },
} as const satisfies Record<BrokerEventType, Readonly<Record<string, z.ZodType>>>;
