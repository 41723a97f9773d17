import { OrderOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import type { ShownOrder } from "@ibkr-edge-gateway/protocol/operation-schemas/shown-order.ts";
import type { OrderState } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { waitsInWords } from "@ibkr-edge-gateway/protocol/orders/order-words.ts";
import { Waits } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { iso } from "../../order-context.ts";
import type { IntentRow } from "../../tables/intents/rows.ts";

/** What is known of an order that was let out, with what proves it and what that means. */
export function shownOrder(intent: IntentRow, nowMs: number): ShownOrder {
  const waits = waitsNow(intent, nowMs);
  const parsed =
    intent.outcome === null ? null : OrderOutcome.safeParse(JSON.parse(intent.outcome));
  const outcome = parsed?.success === true ? parsed.data : null;
  return {
    order_ref: intent.coid,
    action: intent.action,
    state: intent.state,
    means:
      waits === null
        ? MEANS[intent.action === "cancel" ? "cancel" : "order"][intent.state]
        : waiting(intent.state, waits),
    waits_until: waits?.until ?? null,
    proved_by: outcome?.state === intent.state ? outcome.proved_by : null,
    orders: outcome?.orders ?? [],
    question: intent.state === "awaiting_confirmation" ? (outcome?.question ?? null) : null,
    refusals: outcome?.refusals ?? [],
    broker_text: outcome?.broker_text ?? null,
    alerts: outcome?.alerts ?? [],
    updated_at: iso(intent.updated_at),
  };
}

/**
 * What it still waits for, which is its first opening: null once the market has opened, or when the
 * order is anywhere else. Of the nights after that nobody keeps the hours here, so nothing is said.
 */
function waitsNow(intent: IntentRow, nowMs: number): Waits | null {
  if (intent.waits === null || intent.action === "cancel") return null;
  if (intent.state !== "accepted" && intent.state !== "working") return null;
  const waits = Waits.parse(JSON.parse(intent.waits));
  return nowMs < Date.parse(waits.until) ? waits : null;
}

function waiting(state: OrderState, waits: Waits): string {
  const seen =
    state === "working"
      ? "It was seen at the broker."
      : "The broker answered with an order id; it was not seen among the working orders yet.";
  return `${seen} It ${waitsInWords(waits)}, and cannot fill before.`;
}

const MEANS: Record<"order" | "cancel", Record<OrderState, string>> = {
  order: {
    submitting: "It was let out; what became of it is not known yet. Do not send it again.",
    awaiting_confirmation:
      "The broker asks a question before it takes the order. Only the owner answers it; unanswered, it is declined.",
    accepted: "The broker answered with an order id. It was not seen among the working orders yet.",
    working:
      "It was seen at the broker. It can fill whenever its market trades; whether it trades now is not said here.",
    partially_filled: "Part of it filled; the rest can still fill.",
    filled: "All of it filled.",
    cancelled: "It is withdrawn; nothing more of it can fill.",
    rejected: "It does not stand at the broker: it never left, or was refused.",
    expired: "Its time ended before it filled completely.",
    unknown:
      "Nobody can tell whether it stands at the broker. It is being looked for. Do not send it again.",
    reconciling: "It is being looked for at the broker. Until that is done, do not send it again.",
    needs_owner: "It could not be found out. The owner must look at the account at the broker.",
  },
  cancel: {
    submitting: "The withdrawal is under way.",
    awaiting_confirmation: "The broker asks a question before it withdraws the order.",
    accepted: "The broker took the request to withdraw. The order may still fill until it is gone.",
    working: "The order still stands at the broker.",
    partially_filled: "The order filled in part before it could be withdrawn.",
    filled: "Too late: the order filled before it could be withdrawn.",
    cancelled: "The order is withdrawn.",
    rejected: "The request to withdraw was not carried out.",
    expired: "The order had ended already.",
    unknown: "Whether the request was carried out is not known. Withdrawing again does no harm.",
    reconciling: "What became of the request is being looked into.",
    needs_owner: "It could not be found out. The owner must look at the account at the broker.",
  },
};

/** What to do next, for a state. */
export function nextStepFor(state: OrderState): string {
  switch (state) {
    case "submitting":
    case "unknown":
    case "reconciling":
      return "Do not send it again. Read on with ibkr_approval_status or ibkr_order_question_status.";
    case "awaiting_confirmation":
      return "The owner sees the question in the console, under Orders.";
    case "needs_owner":
      return "The owner must look at the account at the broker.";
    case "accepted":
    case "working":
    case "partially_filled":
      return "Follow it with ibkr_orders_list or ibkr_executions_list.";
    default:
      return "Nothing is left to do for this order.";
  }
}
