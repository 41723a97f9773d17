import type { OrderOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import {
  type OrderEvidence,
  type OrderState,
  type ProofSource,
  step,
} from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import type { IntentRow } from "../../tables/intents/rows.ts";

const SAYS: Record<OrderState, OrderEvidence["says"]> = {
  submitting: "ambiguous",
  awaiting_confirmation: "question",
  accepted: "accepted",
  working: "working",
  partially_filled: "working",
  filled: "filled",
  cancelled: "cancelled",
  rejected: "rejected",
  expired: "expired",
  unknown: "ambiguous",
  reconciling: "ambiguous",
  needs_owner: "ambiguous",
};

/**
 * The sidecar's outcome as evidence. What a source cannot say it has not said: an outcome that
 * claims more than its proof carries is a doubt.
 */
export function evidenceOf(outcome: OrderOutcome, from: OrderState, nowMs: number): OrderEvidence {
  const principal =
    outcome.orders.find(({ role }) => role === "entry" || role === "single") ?? outcome.orders[0];
  const says =
    outcome.proved_by === "quiet_period" && outcome.state === "rejected"
      ? "absent"
      : SAYS[outcome.state];
  const evidence: OrderEvidence = {
    source: outcome.proved_by,
    says,
    filled: principal?.filled ?? null,
    remaining: principal?.remaining ?? null,
    at: new Date(nowMs).toISOString(),
  };
  const doubt = proof("gateway", "ambiguous", nowMs);
  if (says === "ambiguous") return doubt;
  const stepped = step(from, evidence);
  return !stepped.ok && stepped.reason === "source_cannot_say" ? doubt : evidence;
}

/** What a source proves at this moment, without figures. */
export const proof = (
  source: ProofSource,
  says: OrderEvidence["says"],
  nowMs: number,
): OrderEvidence => ({
  source,
  says,
  filled: null,
  remaining: null,
  at: new Date(nowMs).toISOString(),
});

/**
 * The PC looks for, or has given up, an order that is not in doubt here: that its doubt began was
 * never heard (it was killed over the broker's question, and found that out before its connection stood).
 * What was seen at the broker is not called absent in this way.
 */
export function missedDoubt({ state, seen }: IntentRow, { says }: OrderEvidence): boolean {
  const unproved = ["submitting", "awaiting_confirmation", "accepted"].includes(state);
  return unproved && seen === 0 && ["lookup_started", "absent", "gave_up"].includes(says);
}
