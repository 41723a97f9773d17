import type { GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { WriteAnswer } from "@ibkr-edge-gateway/protocol/operation-schemas/trade-writes.ts";
import type { OrderRefusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { OrderParts } from "../../order-context.ts";
import { findIntent } from "../../tables/intents/rows.ts";
import { nextStepFor, shownOrder } from "../outcomes/order-view.ts";

/** What a write is answered with: an order and what is proved of it, or why nothing was sent. */
export type Written = { ok: true; answer: WriteAnswer } | { ok: false; failure: GatewayFailure };

export function writeAnswer(
  parts: OrderParts,
  accountId: string,
  coid: string,
  replayed: boolean,
): Written {
  const intent = findIntent(parts.storage.sql, coid);
  if (intent === null) return refusedWith(accountId, []);
  const order = shownOrder(intent, parts.now());
  const pending = intent.state === "submitting";
  const undelivered = intent.state === "rejected" && intent.delivered === 0;
  return {
    ok: true,
    answer: {
      account_id: accountId,
      outcome: pending ? "pending" : "answered",
      replayed,
      order,
      approval: null,
      refusals: order.refusals,
      next_step: undelivered
        ? "The sidecar did not take it up, so nothing was sent and the approval still holds. Submit it again under a new key."
        : nextStepFor(order.state),
    },
  };
}

/** The same answer for whoever asks again: nothing was sent by that call. */
export function asReplay(written: Written): Written {
  return written.ok && written.answer.order !== null
    ? { ok: true, answer: { ...written.answer, replayed: true } }
    : written;
}

/** What came of a rehearsal; `wouldSend` is null where a submit would be refused, or was answered before. */
export function rehearsedWith(
  accountId: string,
  refusals: OrderRefusal[],
  wouldSend: NonNullable<WriteAnswer["would_send"]> | null,
  nextStep: string,
): Written {
  return {
    ok: true,
    answer: {
      account_id: accountId,
      outcome: refusals.length > 0 ? "refused" : "rehearsed",
      replayed: false,
      order: null,
      approval: null,
      refusals,
      next_step: nextStep,
      rehearsed: true,
      would_send: wouldSend,
    },
  };
}

export function refusedWith(accountId: string, refusals: OrderRefusal[]): Written {
  return {
    ok: true,
    answer: {
      account_id: accountId,
      outcome: "refused",
      replayed: false,
      order: null,
      approval: null,
      refusals,
      next_step: "Nothing was sent. Correct what is named, or make a new preview.",
    },
  };
}
