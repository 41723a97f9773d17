import type { OrderOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import type { OrderRefusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { isoTime } from "../../client-portal/clock.ts";

/** Refused before anything was sent; nothing of it is kept but the answer. */
export function refusedOutcome(
  action: OrderOutcome["action"],
  input: { account_id: string; coid: string },
  refusals: OrderRefusal[],
  now: number,
): OrderOutcome {
  return {
    action,
    account_id: input.account_id,
    coid: input.coid,
    intent_hash: null,
    state: "rejected",
    proved_by: "sidecar_not_sent",
    refusals: refusals.slice(0, 50),
    broker_text: null,
    orders: [],
    question: null,
    answered: [],
    alerts: [],
    at: isoTime(now),
  };
}
