import type { ApprovalProof } from "@ibkr-edge-gateway/protocol/approval/approval-proof.ts";
import type { CancelBy } from "@ibkr-edge-gateway/protocol/operation-schemas/order-cancel.ts";
import type { OrderOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import type { Order } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-list.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { isOpen, type OrderState } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { canStillTrade } from "../../client-portal/domain/order-rows.ts";
import { sessionRefusal } from "../../client-portal/session/session-refusal.ts";
import type { OperationRequest } from "../../operation-handlers/executor-interface.ts";
import { readOrders } from "../../operation-handlers/live-orders.ts";
import type { OperationContext } from "../../operation-handlers/operation-context.ts";
import { resolveAccount } from "../../operation-handlers/resolve-account.ts";
import { acceptApproval } from "../../trust/verify/accept-approval.ts";
import { type IntentRecord, outcomeOf } from "../journal/intent-record.ts";
import { refusedOutcome } from "../journal/refused-outcome.ts";
import { checkGrant } from "../local-policy/local-rules.ts";
import { announceCancel, announceSubmitted } from "../notify/order-notices.ts";
import { leastTierOf } from "../submit/local-checks.ts";
import type { SubmitContext } from "../submit/submit-context.ts";
import type { BookParts } from "../tracking/order-book-read.ts";
import { cancelTarget, OWN_REFERENCE } from "./cancel-target.ts";
import { cancelWords } from "./cancel-words.ts";
import { sendCancel } from "./send-cancel.ts";
import { isSilent } from "./status-after-cancel.ts";

/**
 * Cancels one order. Nothing of this gateway's own making stands in the way of it: no kill switch,
 * no mutex, no approval. A cancel is the one request that may be repeated, after the status was read,
 * because a second one does nothing that the first did not.
 */
export interface CancelInput {
  account_id: string;
  mode: "paper" | "live";
  coid: string;
  order_id: string | null;
  order_ref: string | null;
  by: CancelBy;
  approval: ApprovalProof | null;
}

/** The same, once it is known which one of the broker's orders is meant. */
type Numbered = CancelInput & { order_id: string };

export async function cancelOrder(
  parts: SubmitContext & { book: BookParts },
  request: OperationRequest,
  context: OperationContext,
  input: CancelInput,
): Promise<OrderOutcome> {
  const { store, rules, clock } = parts;
  checkGrant(request.grant, input, rules.policy(), "cancel");
  const session = parts.session();
  // The broker's silence after a 429 is kept by agents; the owner and a kill switch go through it.
  const passes = session.state === "ready" || (input.by !== "agent" && isSilent(parts));
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
  parts: SubmitContext & { book: BookParts },
  request: OperationRequest,
  context: OperationContext,
  input: Numbered,
  known: IntentRecord | null,
): Promise<OrderOutcome> {
  const { clock } = parts;
  const { order_id } = input;
  let row: Order | undefined;
  let told = false;
  // An order that stands by our own journal is cancelled without asking further.
  const standing =
    known !== null &&
    isOpen(known.state) &&
    known.account_id === input.account_id &&
    parts.accounts().includes(input.account_id);
  if (!standing) {
    const account = await resolveAccount(context, input.account_id);
    const read = await readOrders(context, account);
    row = read.orders.find((one) => one.order_id === order_id);
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
    const own = ownRow(parts, row, read.orders) || isNamed(input.order_ref, row, read.orders);
    if (!own) {
      const faults = await foreignFaults(parts, input);
      if (faults.length > 0) return refused(input, clock.now(), faults);
      told = true;
    }
  }
  const words = cancelWords(order_id, known, row ?? null);
  // Whoever asked: taking a protection off needs no tap, so that whoever sits here must hear of it.
  if (!told && (input.by === "gateway" || words.takesStop)) {
    announceCancel(parts.reach, words, input.by);
  }
  return sendCancel(parts, request, context, input, known, row ?? null);
}

function ownRow(parts: SubmitContext, row: Order, all: readonly Order[]): boolean {
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

/**
 * One that this gateway sent by another PC, or by this one before it was paired anew: the journal of
 * here knows nothing of it. It bears the very reference that the gateway names, as nobody else's does.
 */
function isNamed(orderRef: string | null, row: Order, all: readonly Order[]): boolean {
  if (orderRef === null || !OWN_REFERENCE.test(orderRef)) return false;
  const parent = all.find(({ order_id }) => order_id === row.parent_id);
  return [row.order_ref, parent?.order_ref].some((ref) => ref?.replace(/-[a-z]$/, "") === orderRef);
}

/** Somebody else's order: only with an approval of its own, over exactly this cancel. */
async function foreignFaults(parts: SubmitContext, input: Numbered): Promise<OrderRefusal[]> {
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
    waits: false,
    effect: null,
    notional: preview.ticket.notional,
    // As much as placing it would take: somebody else's order is taken away.
    leastTier: leastTierOf(parts.rules, order, preview.ticket),
    maxDriftBps: "0",
    mandatesAllowed: false,
    mandateUsage: () => ({ orders_today: 0, notional_today: "0" }),
    relyingParty: parts.relyingParty,
    simulator: parts.simulator,
    nowMs: parts.clock.now(),
  });
  if (!accepted.ok) return accepted.refusals;
  announceSubmitted(parts.reach, preview.ticket, { kind: "passkey" });
  return [];
}

/** It had ended before it could be cancelled, or never stood. */
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

/** The cancels of a group as one: it is cancelled when every member is. */
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
