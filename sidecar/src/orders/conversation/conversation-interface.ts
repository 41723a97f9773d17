import type { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import type { Source } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import type { OrderRefusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { Clock } from "../../client-portal/clock.ts";
import type { BrokerLogger } from "../../client-portal/logger.ts";
import type { IntentRecord } from "../journal/intent-record.ts";
import type { OrderStore } from "../journal/order-store.ts";
import type { SendOrder } from "../submit/send-to-broker.ts";
import type { Progress } from "../tracking/progress.ts";
import type { Tracking } from "../tracking/tracking.ts";

/** The order's own POST, and what is asked right before its first byte. */
export interface OrderPost {
  /** Below the API's root. */
  path: string;
  body: JsonObject;
  /** Reasons why it must not go; asked when the connection stands. */
  faults(): OrderRefusal[];
  /** Journals that the job has begun; throws when it must not. */
  begin(): void;
  /** Frees the mutex of the broker session; called once. */
  release(): void;
}

/** Whoever waits until the conversation ends, or waits for the owner. */
export interface Waiter {
  resolve(record: IntentRecord): void;
  reject(reason: unknown): void;
}

/** The confirmation conversation of one broker session, as the rest of the order side sees it. */
export interface Conversation {
  /**
   * Sends the order of an intent in the journal and goes on until a terminal answer, or a question
   * for the owner. Whoever calls holds the mutex; it is released when the conversation ends.
   */
  place(coid: string, post: OrderPost): Promise<IntentRecord>;
  /**
   * Answers the open question; null when it is not open any more. Rejects with the reason when a
   * confirmation was stopped before its first byte: then the question is open still.
   */
  answer(
    coid: string,
    replyId: string,
    how: { confirm: boolean; by: "owner" | "sidecar"; begin?: () => void },
  ): Promise<IntentRecord | null>;
  /** The open question, if any. */
  waiting(): { coid: string; replyId: string } | null;
  /** Stops the clock of the open question while somebody's answer is checked; the result starts it again. */
  pause(): () => void;
  /** The session ended: what was open lapsed, and whether the order lives is unknown. */
  lapse(): void;
  /** Settles what the last run left in the middle of something. */
  recover(): void;
  close(): void;
}

export interface ConversationParts {
  store: OrderStore;
  progress: Pick<Progress, "carryOut">;
  tracking: Pick<Tracking, "watch" | "doubt">;
  send: SendOrder;
  clock: Clock;
  source: Source;
  logger: BrokerLogger;
  /** Why nothing may be confirmed for this intent any more; null when it may. */
  stopped(record: IntentRecord): GatewayError | null;
  /** A question for the owner was opened; whoever waits for the broker session may have it declined. */
  opened(): void;
}
