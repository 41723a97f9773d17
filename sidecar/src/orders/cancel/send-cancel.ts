import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { CancelBy } from "@ibkr-edge-gateway/protocol/operation-schemas/order-cancel.ts";
import type {
  IntentOrder,
  OrderOutcome,
} from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import type { Order } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-list.ts";
import {
  type Classified,
  classifyAnswer,
} from "@ibkr-edge-gateway/protocol/orders/classify-answer.ts";
import { isOpen, type OrderState } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { brokerText } from "../../client-portal/broker-text.ts";
import { isoTime } from "../../client-portal/clock.ts";
import type { OperationRequest } from "../../operation-handlers/executor-interface.ts";
import type { OperationContext } from "../../operation-handlers/operation-context.ts";
import type { IntentRecord } from "../journal/intent-record.ts";
import { ORDER_LIMITS } from "../limits.ts";
import type { SubmitContext } from "../submit/submit-context.ts";
import type { BookParts } from "../tracking/order-book-read.ts";
import { readUntilEnded, recordStatus, type Seen } from "./status-after-cancel.ts";

/** Which one of the broker's orders is to be cancelled, and for whom. */
export interface NumberedCancel {
  account_id: string;
  coid: string;
  order_id: string;
  by: CancelBy;
}

const isRateLimited = (answer: Classified): boolean =>
  answer.outcome === "refused" && answer.reason === "rate_limited";

type CancelContext = SubmitContext & { book: BookParts };
type SendOnce = (maxWaitMs: number, lastLook: () => void) => Promise<Classified>;

/** Sends the cancel of one order, and reads what came of it. */
export async function sendCancel(
  parts: CancelContext,
  request: OperationRequest,
  context: OperationContext,
  input: NumberedCancel,
  known: IntentRecord | null,
  row: Order | null,
): Promise<OrderOutcome> {
  const { clock } = parts;
  const future =
    row?.asset_class === "FUT" ||
    known?.ticket.order.legs.some(({ contract }) => contract.asset_class === "FUT") === true;
  const sendOnce = senderOf(parts, input, future);
  const left = (): number => Math.max(0, context.deadlineAt - clock.now());
  const begin = (): void => request.begin?.();
  let answer = await sendOnce(left(), begin);
  if (answer.outcome === "refused" && answer.reason === "not_sent") {
    throw new GatewayError(
      failure("BROKER_BACKEND_UNAVAILABLE", "The cancel could not be sent; try again.", {
        retryable: true,
      }),
      answer.text ?? undefined,
    );
  }
  let seen = await readUntilEnded(parts, input, context);
  const again = answer.outcome === "ambiguous" || answer.outcome === "question";
  if (again && !seen.terminal && !/cancel/i.test(seen.status ?? "")) {
    answer = await sendOnce(left(), begin);
    seen = await readUntilEnded(parts, input, context);
  }
  const retryAt =
    input.by !== "agent" && isRateLimited(answer)
      ? parts.cancelRetries.add(`${input.account_id}/${input.order_id}`, () =>
          retry(parts, input, known, sendOnce),
        )
      : null;
  const latest = known === null ? null : recordStatus(parts, known, input.order_id, seen);
  return outcomeOfCancel(input, { answer, seen, retryAt, latest, row, nowMs: clock.now() });
}

function senderOf(parts: CancelContext, input: NumberedCancel, future: boolean): SendOnce {
  const operator = parts.futuresOperator;
  return async (maxWaitMs, lastLook) => {
    const exchange = await parts.send({
      method: "DELETE",
      path: `/iserver/account/${input.account_id}/order/${input.order_id}`,
      ...(future && operator !== null
        ? {
            query: {
              manualIndicator: String(operator.manual_indicator),
              extOperator: operator.ext_operator,
            },
          }
        : {}),
      about: { coid: input.coid, accountId: input.account_id, intentHash: null },
      priority: input.by === "agent" ? "cancel" : "owner_cancel",
      maxWaitMs,
      lastLook,
    });
    return classifyAnswer("cancel", exchange);
  };
}

async function retry(
  parts: CancelContext,
  input: NumberedCancel,
  known: IntentRecord | null,
  sendOnce: SendOnce,
): Promise<"done" | "refused_again"> {
  const intent = known === null ? null : parts.store.intent(known.coid);
  if (intent !== null && !isOpen(intent.state)) return "done";
  const next = await sendOnce(ORDER_LIMITS.requestTimeoutMs, () => {});
  if (isRateLimited(next)) return "refused_again";
  const after = await readUntilEnded(parts, input, {
    deadlineAt: parts.clock.now() + ORDER_LIMITS.cancelPatienceMs,
    signal: new AbortController().signal,
  });
  if (known !== null) recordStatus(parts, known, input.order_id, after);
  return "done";
}

/** Taken, and its effect not seen: that the broker took the request is all that is proved. */
function unsettledState(answer: Classified): OrderState {
  if (answer.outcome === "transmitted") return "accepted";
  return answer.outcome === "refused" ? "rejected" : "unknown";
}

function outcomeOfCancel(
  input: NumberedCancel,
  end: {
    answer: Classified;
    seen: Seen;
    /** RFC 3339; null when it is not sent again. */
    retryAt: string | null;
    latest: IntentRecord | null;
    row: Order | null;
    /** Milliseconds since the Unix epoch. */
    nowMs: number;
  },
): OrderOutcome {
  const { answer, seen, retryAt, latest, row } = end;
  const state = seen.state ?? unsettledState(answer);
  const order: IntentOrder = {
    role: latest?.orders.find(({ order_id }) => order_id === input.order_id)?.role ?? "single",
    order_ref: row?.order_ref ?? latest?.coid ?? input.order_id,
    order_id: input.order_id,
    state,
    broker_status: seen.status?.slice(0, 40) ?? null,
    filled: seen.filled,
    remaining: seen.remaining,
  };
  return {
    action: "cancel",
    account_id: input.account_id,
    coid: input.coid,
    intent_hash: null,
    state,
    proved_by: seen.state === null ? "submit_answer" : "order_status",
    refusals: [],
    broker_text: "text" in answer ? brokerText(answer.text) : null,
    orders: [order],
    question: null,
    answered: [],
    alerts: [
      ...(state === "filled" ? ["The order was filled before the cancel could take effect."] : []),
      ...(retryAt === null
        ? []
        : [
            `The broker refuses everything for now. The withdrawal is sent again as the first thing at ${retryAt}.`,
          ]),
    ],
    at: isoTime(end.nowMs),
  };
}
