import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type {
  IntentOrder,
  OrderOutcome,
} from "@ibkr-edge-gateway/protocol/operations/order-parts.ts";
import type { Order } from "@ibkr-edge-gateway/protocol/operations/orders-list.ts";
import {
  type Classified,
  classifyAnswer,
} from "@ibkr-edge-gateway/protocol/orders/classify-answer.ts";
import {
  evidenceOfStatus,
  isOpen,
  type OrderState,
} from "@ibkr-edge-gateway/protocol/orders/state.ts";
import { brokerText } from "../../client-portal/broker-text.ts";
import { isoTime, sleep } from "../../client-portal/clock.ts";
import type { OperationContext } from "../../operations/context.ts";
import type { OperationRequest } from "../../operations/executor.ts";
import type { IntentRecord } from "../journal/record.ts";
import { ORDER_LIMITS } from "../limits.ts";
import type { SubmitParts } from "../submit/context.ts";
import { type BookParts, readStatus } from "../tracking/order-book-read.ts";

/** Which one of the broker's orders is to be withdrawn, and for whom. */
export interface NumberedCancel {
  account_id: string;
  coid: string;
  order_id: string;
  by: "owner" | "agent";
}

export const isSilent = (parts: Pick<SubmitParts, "session">): boolean =>
  parts.session().state === "penalty_box";

const isRateLimited = (answer: Classified): boolean =>
  answer.outcome === "refused" && answer.reason === "rate_limited";

/** Sends the cancel of one order, and reads what came of it. */
export async function withdraw(
  parts: SubmitParts & { book: BookParts },
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
  const operator = parts.futuresOperator;
  const ask = async (maxWaitMs: number, lastLook: () => void): Promise<Classified> => {
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
      priority: input.by === "owner" ? "owner_cancel" : "cancel",
      maxWaitMs,
      lastLook,
    });
    return classifyAnswer("cancel", exchange);
  };

  const left = (): number => Math.max(0, context.deadlineAt - clock.now());
  const begin = (): void => request.begin?.();
  let answer = await ask(left(), begin);
  if (answer.outcome === "refused" && answer.reason === "not_sent") {
    throw new GatewayError(
      failure("BROKER_BACKEND_UNAVAILABLE", "The cancel could not be sent; try again.", {
        retryable: true,
      }),
      answer.text ?? undefined,
    );
  }
  let seen = await settle(parts, input, context);
  const again = answer.outcome === "ambiguous" || answer.outcome === "question";
  if (again && !seen.terminal && !/cancel/i.test(seen.status ?? "")) {
    answer = await ask(left(), begin);
    seen = await settle(parts, input, context);
  }
  const queued =
    input.by === "owner" && isRateLimited(answer)
      ? parts.later.add(`${input.account_id}/${input.order_id}`, async () => {
          const intent = known === null ? null : parts.store.intent(known.coid);
          if (intent !== null && !isOpen(intent.state)) return "done";
          const next = await ask(ORDER_LIMITS.requestTimeoutMs, () => {});
          if (isRateLimited(next)) return "refused_again";
          const patience = {
            deadlineAt: clock.now() + ORDER_LIMITS.cancelPatienceMs,
            signal: new AbortController().signal,
          };
          const after = await settle(parts, input, patience);
          if (known !== null) told(parts, known, input.order_id, after);
          return "done";
        })
      : null;
  const latest = known === null ? null : told(parts, known, input.order_id, seen);
  const text = "text" in answer ? brokerText(answer.text) : null;
  // Taken, and its effect not seen: that the broker took the request is all that is proved.
  const unsettled: OrderState =
    answer.outcome === "transmitted"
      ? "accepted"
      : answer.outcome === "refused"
        ? "rejected"
        : "unknown";
  const state = seen.state === null ? unsettled : seen.state;
  const order: IntentOrder = {
    role: latest?.orders.find(({ order_id }) => order_id === input.order_id)?.role ?? "single",
    order_ref: row?.order_ref ?? known?.coid ?? input.order_id,
    order_id: input.order_id,
    state,
    broker_status: seen.status?.slice(0, 40) ?? null,
    filled: seen.filled,
    remaining: seen.remaining,
  };
  const late = [
    ...(state === "filled" ? ["The order was filled before the cancel could take effect."] : []),
    ...(queued === null
      ? []
      : [
          `The broker refuses everything for now. The withdrawal is sent again as the first thing at ${queued}.`,
        ]),
  ];
  return {
    action: "cancel",
    account_id: input.account_id,
    coid: input.coid,
    intent_hash: null,
    state,
    proved_by: seen.state === null ? "submit_answer" : "order_status",
    refusals: [],
    broker_text: text,
    orders: [order],
    question: null,
    answered: [],
    alerts: late,
    at: isoTime(clock.now()),
  };
}

interface Seen {
  state: OrderState | null;
  status: string | null;
  filled: string | null;
  remaining: string | null;
  terminal: boolean;
}

/** Reads the order's status until it has ended or the patience has. */
async function settle(
  parts: SubmitParts & { book: BookParts },
  input: NumberedCancel,
  context: Pick<OperationContext, "deadlineAt" | "signal">,
): Promise<Seen> {
  const { clock } = parts;
  const unseen: Seen = {
    state: null,
    status: null,
    filled: null,
    remaining: null,
    terminal: false,
  };
  // Reads keep the silence that the owner's cancel may break.
  if (isSilent(parts)) return unseen;
  const until = Math.min(clock.now() + ORDER_LIMITS.cancelPatienceMs, context.deadlineAt);
  let seen = unseen;
  for (;;) {
    await sleep(clock, ORDER_LIMITS.cancelLookMs, context.signal);
    const status = await readStatus(parts.book, input.order_id).catch((thrown: unknown) => {
      if (thrown instanceof GatewayError) return null;
      throw thrown;
    });
    if (status !== null) {
      const says = evidenceOfStatus(status.status ?? "", status.filled, status.remaining);
      const ended =
        says === "filled" || says === "cancelled" || says === "rejected" || says === "expired";
      seen = {
        state: says === null ? null : ended ? says : "working",
        status: status.status,
        filled: status.filled,
        remaining: status.remaining,
        terminal: ended,
      };
    }
    if (seen.terminal || clock.now() >= until || context.signal.aborted) return seen;
  }
}

/** What was seen, in the journal of the intent the order belongs to. */
function told(parts: SubmitParts, known: IntentRecord, orderId: string, seen: Seen): IntentRecord {
  const latest = parts.store.intent(known.coid) ?? known;
  if (seen.state === null) return latest;
  const { state, status, filled, remaining } = seen;
  const orders = latest.orders.map((order) =>
    order.order_id === orderId
      ? { ...order, state, broker_status: status?.slice(0, 40) ?? null, filled, remaining }
      : order,
  );
  const principal = latest.orders.find(({ role }) => role === "single" || role === "entry");
  if (principal?.order_id !== orderId) return parts.progress.note(known.coid, { orders });
  const says = seen.terminal ? state : "working";
  if (
    says !== "filled" &&
    says !== "cancelled" &&
    says !== "rejected" &&
    says !== "expired" &&
    says !== "working"
  ) {
    return latest;
  }
  return parts.progress.apply(
    known.coid,
    { source: "order_status", says, filled, remaining, at: isoTime(parts.clock.now()) },
    { orders },
  );
}
