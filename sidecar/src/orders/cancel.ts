import type { ApprovalProof } from "../../../src/protocol/approval/proof.ts";
import { failure, GatewayError } from "../../../src/protocol/errors.ts";
import type { IntentOrder, OrderOutcome } from "../../../src/protocol/operations/order-parts.ts";
import type { Order } from "../../../src/protocol/operations/orders-list.ts";
import { type Classified, classifyAnswer } from "../../../src/protocol/orders/classify-answer.ts";
import { type OrderRefusal, refusal } from "../../../src/protocol/orders/refusal.ts";
import { evidenceOfStatus, isOpen, type OrderState } from "../../../src/protocol/orders/state.ts";
import { brokerText } from "../client-portal/broker-text.ts";
import { isoTime, sleep } from "../client-portal/clock.ts";
import { sessionRefusal } from "../client-portal/session/refusal.ts";
import type { OperationContext } from "../operations/context.ts";
import type { OperationRequest } from "../operations/executor.ts";
import { readOrders } from "../operations/live-orders.ts";
import { canStillTrade } from "../operations/order-rows.ts";
import { resolveAccount } from "../operations/resolve-account.ts";
import { acceptApproval } from "../trust/verify-approval.ts";
import { announceSubmitted } from "./announce-order.ts";
import { type BookParts, readStatus } from "./book.ts";
import { cancelTarget } from "./cancel-target.ts";
import { ORDER_LIMITS } from "./limits.ts";
import { checkGrant } from "./local-rules.ts";
import { type IntentRecord, outcomeOf } from "./record.ts";
import { refusedOutcome } from "./submit.ts";
import type { SubmitParts } from "./submit-parts.ts";

/**
 * Withdraws one order. Nothing of this gateway's own making stands in the way of it: no kill switch,
 * no lane, no approval. A cancel is the one request that may be repeated, after the status was read,
 * because a second one does nothing that the first did not.
 */
export interface CancelInput {
  account_id: string;
  mode: "paper" | "live";
  coid: string;
  order_id: string | null;
  order_ref: string | null;
  by: "owner" | "agent";
  approval: ApprovalProof | null;
}

/** The same, once it is known which one of the broker's orders is meant. */
type NumberedCancel = CancelInput & { order_id: string };

export async function cancelOrder(
  parts: SubmitParts & { book: BookParts },
  request: OperationRequest,
  context: OperationContext,
  input: CancelInput,
): Promise<OrderOutcome> {
  const { store, rules, clock } = parts;
  checkGrant(request.grant, input, rules.policy(), "cancel");
  const session = parts.session();
  // The broker's silence after a 429 is kept by everybody but the owner.
  const passes = session.state === "ready" || (input.by === "owner" && isSilent(parts));
  if (!passes) throw sessionRefusal(session, clock.now());
  if (session.mode !== input.mode) {
    return refused(input, clock.now(), [
      refusal(
        "ORDER_ACCOUNT_MODE_REFUSED",
        "mode",
        "proved_by_broker",
        `The broker does not prove a ${input.mode} session now.`,
      ),
    ]);
  }
  const { order_id, order_ref } = input;
  if (order_id !== null) {
    return cancelNumbered(
      parts,
      request,
      context,
      { ...input, order_id },
      store.byOrderId(order_id),
    );
  }
  if (order_ref === null) {
    return refused(input, clock.now(), [
      refusal("INPUT_INVALID", "order_id", "number_or_reference", "The cancel names no order."),
    ]);
  }
  const target = await cancelTarget(parts, context, { ...input, order_ref });
  if (target.kind === "refused") return refused(input, clock.now(), target.refusals);
  if (target.kind === "ended") return ended(input, target.record, clock.now());
  const outcomes: OrderOutcome[] = [];
  for (const found of target.orderIds) {
    const one = { ...input, order_id: found };
    outcomes.push(await cancelNumbered(parts, request, context, one, target.record));
  }
  return together(outcomes);
}

async function cancelNumbered(
  parts: SubmitParts & { book: BookParts },
  request: OperationRequest,
  context: OperationContext,
  input: NumberedCancel,
  known: IntentRecord | null,
): Promise<OrderOutcome> {
  const { clock } = parts;
  let row: Order | undefined;
  // An order that stands by our own journal is withdrawn without asking further.
  const standing =
    known !== null &&
    isOpen(known.state) &&
    known.account_id === input.account_id &&
    parts.accounts().includes(input.account_id);
  if (!standing) {
    const account = await resolveAccount(context, input.account_id);
    const read = await readOrders(context, account);
    row = read.orders.find(({ order_id }) => order_id === input.order_id);
    if (row === undefined) {
      return refused(input, clock.now(), [
        refusal(
          "ORDER_NOT_MODIFIABLE",
          "order_id",
          "in_broker_list",
          "The broker's list of this account does not show the order.",
        ),
      ]);
    }
    if (!canStillTrade(row.status)) {
      return refused(input, clock.now(), [
        refusal("ORDER_NOT_MODIFIABLE", "order_id", "working", "The order has ended already."),
      ]);
    }
    const own = ownRow(parts, row, read.orders);
    if (!own) {
      const faults = await foreignFaults(parts, input);
      if (faults.length > 0) return refused(input, clock.now(), faults);
    }
  }
  return withdraw(parts, request, context, input, known, row ?? null);
}

function ownRow(parts: SubmitParts, row: Order, all: readonly Order[]): boolean {
  if (row.order_ref !== null && parts.store.byRef(row.order_ref) !== null) return true;
  const parent = all.find(({ order_id }) => order_id === row.parent_id);
  if (parent?.order_ref != null && parts.store.byRef(parent.order_ref) !== null) return true;
  // A bracket's exit outlives its entry's row. Its id alone is not enough: it must be that leg.
  const kept = row.order_ref === null ? parts.store.byOrderId(row.order_id) : null;
  const leg =
    kept?.ticket.order.legs[kept.orders.findIndex((one) => one.order_id === row.order_id)];
  return (
    kept?.account_id === row.account_id &&
    leg?.contract.conid === row.conid &&
    leg.side.toLowerCase() === row.side
  );
}

/** Somebody else's order: only with an approval of its own, over exactly this cancel. */
async function foreignFaults(parts: SubmitParts, input: NumberedCancel): Promise<OrderRefusal[]> {
  const foreign = (rule: string, message: string): OrderRefusal[] => [
    refusal("FOREIGN_ORDER", "order_id", rule, message),
  ];
  if (input.approval === null) {
    return foreign(
      "approval_of_its_own",
      "This order was not placed through the gateway; cancelling it needs an approval of its own.",
    );
  }
  const preview = parts.store.preview(input.approval.preview_id, parts.clock.now());
  const order = preview?.ticket.order;
  if (
    preview === null ||
    order?.action !== "cancel" ||
    order.account_id !== input.account_id ||
    order.mode !== input.mode ||
    order.target?.order_id !== input.order_id
  ) {
    return foreign("approval_of_its_own", "The approval is not for cancelling this order.");
  }
  const accepted = await acceptApproval(parts.store.db, input.approval, {
    gatewayAccountId: parts.gatewayAccountId,
    sidecarId: parts.sidecarId,
    generation: parts.session().generation ?? -1,
    preview,
    market: preview.ticket.market,
    effect: null,
    notional: preview.ticket.notional,
    leastTier: 1,
    maxDriftBps: "0",
    mandatesAllowed: false,
    mandateUsage: () => ({ orders_today: 0, notional_today: "0" }),
    relyingParty: parts.relyingParty,
    nowMs: parts.clock.now(),
  });
  if (!accepted.ok) return accepted.refusals;
  announceSubmitted(parts.reach, preview.ticket, { kind: "passkey" });
  return [];
}

async function withdraw(
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
  const ask = async (): Promise<Classified> => {
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
      maxWaitMs: Math.max(0, context.deadlineAt - clock.now()),
      lastLook: () => request.begin?.(),
    });
    return classifyAnswer("cancel", exchange);
  };

  let answer = await ask();
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
    answer = await ask();
    seen = await settle(parts, input, context);
  }
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
  const late =
    state === "filled" ? ["The order was filled before the cancel could take effect."] : [];
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
  context: OperationContext,
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

const isSilent = (parts: SubmitParts): boolean => parts.session().state === "penalty_box";

/** It had ended before it could be withdrawn, or never stood. */
function ended(input: CancelInput, record: IntentRecord, now: number): OrderOutcome {
  const { state, proved_by, orders } = outcomeOf(record);
  if (state === "rejected") {
    return refused(input, now, [
      refusal(
        "ORDER_NOT_MODIFIABLE",
        "order_ref",
        "working",
        "The order does not stand at the broker: it never left this PC, or it was refused.",
      ),
    ]);
  }
  return {
    ...refusedOutcome("cancel", input, [], now),
    state,
    proved_by,
    orders,
    alerts: state === "filled" ? ["The order was filled before the cancel could take effect."] : [],
  };
}

/** The cancels of a group as one: it is withdrawn when every member is. */
function together(outcomes: readonly OrderOutcome[]): OrderOutcome {
  const [first] = outcomes;
  if (first === undefined) throw new RangeError("a cancel of nothing");
  const rank: OrderState[] = ["unknown", "filled", "partially_filled", "working", "accepted"];
  const speaking = outcomes.toSorted((a, b) => place(a.state) - place(b.state))[0] ?? first;
  function place(state: OrderState): number {
    const at = rank.indexOf(state);
    return at < 0 ? rank.length : at;
  }
  return {
    ...speaking,
    orders: outcomes.flatMap(({ orders }) => orders).slice(0, 6),
    refusals: outcomes.flatMap(({ refusals }) => refusals).slice(0, 50),
    alerts: [...new Set(outcomes.flatMap(({ alerts }) => alerts))].slice(0, 10),
  };
}

const refused = (input: CancelInput, now: number, refusals: OrderRefusal[]): OrderOutcome =>
  refusedOutcome("cancel", input, refusals, now);
