import {
  AccountId,
  BrokerText,
} from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import {
  AnsweredQuestion,
  IntentOrder,
  OpenQuestion,
  type OrderOutcome,
} from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import {
  type CanonicalOrder,
  principalLeg,
} from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import {
  AcceptedWarning,
  ClientOrderId,
  Hash,
  memberOrderId,
} from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { OrderRefusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { OrderState, ProofSource } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { Ticket } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import * as z from "zod";

/**
 * One intent as this sidecar's journal keeps it, from before anything was sent until long after its
 * end. `sent` is written before the first byte leaves and never taken back: without it nothing can
 * have reached the broker, with it anything may.
 */
export const IntentRecord = z.strictObject({
  coid: ClientOrderId,
  job_id: z.string(),
  action: z.enum(["place", "modify"]),
  account_id: AccountId,
  intent_hash: Hash,
  preview_id: z.string(),
  ticket: Ticket,
  accepted_warnings: z.array(AcceptedWarning),
  generation: z.int(),
  effect: z.enum(["entry", "exit", "flip"]).nullable(),
  /** Worst case in base currency at submit; null when it was an exit of unknown value. */
  notional: z.string().nullable(),
  mandate_hash: Hash.nullable(),
  state: OrderState,
  proved_by: ProofSource,
  sent: z.boolean(),
  sent_at: z.number().nullable(),
  /** The answer claimed that the broker knows the reference; then absence needs an owner. */
  claimed: z.boolean(),
  orders: z.array(IntentOrder),
  question: OpenQuestion.nullable(),
  answered: z.array(AnsweredQuestion),
  refusals: z.array(OrderRefusal),
  broker_text: BrokerText.nullable(),
  alerts: z.array(z.string()),
  /** Alerts told already, so that each is told once. */
  told: z.array(z.string()),
  /** When doubt began; null outside of it. */
  doubt_since: z.number().nullable(),
  /** Rises with every change; makes each event's key its own. */
  version: z.int(),
  created_at: z.number(),
  updated_at: z.number(),
});
export type IntentRecord = z.infer<typeof IntentRecord>;

/** The broker orders an intent is to become, before the broker gave them ids. */
export function plannedOrders(order: CanonicalOrder, coid: string): IntentOrder[] {
  return order.legs.map((leg, index) => ({
    role: leg.role,
    order_ref: order.structure === "oca" ? memberOrderId(coid, index) : coid,
    order_id: order.action === "modify" ? (order.target?.order_id ?? null) : null,
    state: "submitting" as const,
    broker_status: null,
    filled: null,
    remaining: leg.quantity,
  }));
}

export function principalOrder(record: IntentRecord): IntentOrder | undefined {
  return (
    record.orders.find(({ role }) => role === "single" || role === "entry") ?? record.orders[0]
  );
}

/** When this PC last sent something of it, or began to doubt it, ms: what was read before says nothing. */
export const lastInDoubt = ({ sent_at, doubt_since }: IntentRecord): number =>
  Math.max(sent_at ?? 0, doubt_since ?? 0);

/**
 * Stands among what was told once proved books, the last of them begun after the quiet period, have not
 * shown an order that is in doubt; it names the doubt, so that a later one begins anew.
 */
export const notShownMark = (record: IntentRecord): string =>
  `not_shown_since:${lastInDoubt(record)}`;

export function principalConid(record: IntentRecord): number {
  return principalLeg(record.ticket.order).contract.conid;
}

export function outcomeOf(record: IntentRecord): OrderOutcome {
  return {
    action: record.action,
    account_id: record.account_id,
    coid: record.coid,
    intent_hash: record.intent_hash,
    state: record.state,
    proved_by: record.proved_by,
    refusals: record.refusals.slice(0, 50),
    broker_text: record.broker_text,
    orders: record.orders,
    question: record.question,
    answered: record.answered.slice(-40),
    alerts: record.alerts.slice(-10),
    at: new Date(record.updated_at).toISOString(),
  };
}
