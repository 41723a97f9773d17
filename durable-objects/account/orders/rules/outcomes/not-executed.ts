import type { OrderOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import { plainText } from "@ibkr-edge-gateway/protocol/orders/broker-question.ts";
import {
  type OrderRefusal,
  OrderRefusalCode,
  refusal,
} from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { JobSettlement } from "@ibkr-edge-gateway/protocol/relay/edge/edge-step.ts";
import { iso } from "../../order-context.ts";
import type { IntentRow } from "../../tables/intents/rows.ts";

/** Why a job was not carried out: ours to judge by, and the words of whoever turned it away. */
export interface NotTaken {
  refusal: OrderRefusal;
  /** Outside text, stripped and capped; it only travels fenced. */
  said: string;
}

const SAID_CHARS = 500;

/** What the end of a job that was not carried out says of the reason. */
export function notTaken(settlement: Extract<JobSettlement, { ok: false }>): NotTaken {
  const { code, failure } = settlement;
  // A code of the PC's own, where it is one that orders are refused with; its words stay outside text.
  const named = OrderRefusalCode.safeParse(failure?.code);
  const words = plainText(failure?.message ?? settlement.message);
  return {
    refusal: named.success
      ? refusal(named.data, "sidecar", "taken_up", "The PC refused it before anything was sent.")
      : byLink(code),
    said: `${failure?.code ?? code}: ${words}`.slice(0, SAID_CHARS),
  };
}

function byLink(code: Extract<JobSettlement, { ok: false }>["code"]): OrderRefusal {
  return code === "PERMISSION_DENIED"
    ? refusal(
        "FEATURE_DISABLED",
        "sidecar",
        "pc_offers",
        "The PC does not allow this: its switch for this kind of order is off, or the account is not among its own. Only the owner changes that, at the PC.",
      )
    : refusal(
        "SIDECAR_UNAVAILABLE",
        "sidecar",
        "taken_up",
        "The PC did not take it up, and nothing was sent.",
      );
}

/** The outcome of an order that was not carried out, with the reason. */
export function notTakenOutcome(intent: IntentRow, why: NotTaken, nowMs: number): OrderOutcome {
  return {
    action: intent.action,
    account_id: intent.broker_account,
    coid: intent.coid,
    intent_hash: intent.intent_hash,
    state: "rejected",
    proved_by: "sidecar_not_sent",
    refusals: [why.refusal],
    broker_text: { untrusted_text: why.said },
    orders: [],
    question: null,
    answered: [],
    alerts: [],
    at: iso(nowMs),
  };
}
