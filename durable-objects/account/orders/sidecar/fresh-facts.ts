import type { GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import {
  orderPreview,
  type PreviewRequest,
} from "@ibkr-edge-gateway/protocol/operations/order-preview.ts";
import {
  type CanonicalOrder,
  type Leg,
  principalLeg,
} from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { economicHash } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { orderChanges } from "@ibkr-edge-gateway/protocol/orders/order-changes.ts";
import type { PreviewFacts, Quote } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import type { OrderParts } from "../order-context.ts";
import { provenSkewMs } from "../rules/conditions.ts";
import type { Preview } from "../tables/previews.ts";
import { askSidecar } from "./request.ts";

export interface Fresh {
  market: Quote | null;
  facts: PreviewFacts;
  skewMs: number | null;
  /** When the PC was asked, on this clock: what happened since may be missing. */
  readAtMs?: number;
}

/**
 * The numbers a submit is judged by: the market, the account, positions and working orders, read at
 * the sidecar again after the preview. The order read about is the one that was previewed; should
 * the sidecar understand it otherwise by now, nothing is sent, and what changed is said.
 */
export async function freshFacts(
  parts: OrderParts,
  preview: Preview,
  deadlineMs: number,
): Promise<
  | { ok: true; fresh: Fresh }
  | { ok: false; failure: GatewayFailure }
  | { ok: false; changed: string }
> {
  const { order } = preview.ticket;
  const told = await askSidecar(
    parts,
    orderPreview,
    { account_id: preview.brokerAccount, request: requestOf(order) },
    { scope: "ibkr:orders:preview", account: preview.brokerAccount, deadlineMs },
  );
  if (!told.ok) return told;
  const { value } = told;
  if (value.outcome !== "ticket") {
    const why = value.refusals.map(({ message }) => message).join(" ");
    return {
      ok: false,
      changed: `At the preview the PC took this order; now it refuses it: ${why.slice(0, 600)}`,
    };
  }
  if (economicHash(value.ticket.order) !== preview.economicHash) {
    const changes = orderChanges(order, value.ticket.order).join("; ");
    return {
      ok: false,
      changed: `The PC understands the order otherwise by now: ${changes}. Make a new preview.`,
    };
  }
  return {
    ok: true,
    fresh: {
      market: value.ticket.market,
      facts: value.facts,
      skewMs: provenSkewMs(value.ticket.prepared_at, told.askedAt, told.toldAt),
      readAtMs: told.askedAt,
    },
  };
}

/** What to ask a preview for so that the same order comes back. */
export function requestOf(order: CanonicalOrder): PreviewRequest {
  const { account_id } = order;
  if (order.action === "cancel") {
    return { kind: "cancel", cancel: { account_id, order_id: targetOf(order) } };
  }
  if (order.action === "modify") {
    const leg = principalLeg(order);
    return {
      kind: "modify",
      change: { account_id, order_id: targetOf(order), ...changeable(leg) },
    };
  }
  switch (order.structure) {
    case "single": {
      const input = orderInput(account_id, principalLeg(order), order.reduce_only);
      return { kind: "order", order: input };
    }
    case "oca":
      return {
        kind: "oca",
        account_id,
        orders: order.legs.map((leg) => orderInput(account_id, leg, order.reduce_only)),
      };
    case "bracket": {
      const entry = principalLeg(order);
      const profit = order.legs.find(({ role }) => role === "take_profit");
      const stop = order.legs.find(({ role }) => role === "stop_loss");
      const { reduce_only: _none, ...terms } = orderInput(account_id, entry, false);
      return {
        kind: "bracket",
        bracket: {
          ...terms,
          take_profit_price: profit?.limit_price ?? "",
          stop_loss_price: stop?.stop_price ?? "",
          ...(stop?.limit_price == null ? {} : { stop_loss_limit_price: stop.limit_price }),
        },
      };
    }
  }
}

const targetOf = (order: CanonicalOrder): string => order.target?.order_id ?? "";

function changeable(leg: Leg) {
  return {
    ...(leg.quantity === null ? {} : { quantity: leg.quantity }),
    ...(leg.limit_price === null ? {} : { limit_price: leg.limit_price }),
    ...(leg.stop_price === null ? {} : { stop_price: leg.stop_price }),
    ...(leg.trailing === null
      ? {}
      : leg.trailing.unit === "amount"
        ? { trailing_amount: leg.trailing.offset }
        : { trailing_percent: leg.trailing.offset }),
    time_in_force: leg.time_in_force,
  };
}

function orderInput(account_id: string, leg: Leg, reduce_only: boolean) {
  const { contract } = leg;
  return {
    account_id,
    conid: contract.conid,
    ...(contract.exchange === "SMART" ? {} : { exchange: contract.exchange }),
    side: leg.side,
    order_type: leg.order_type,
    ...(leg.cash_quantity === null ? {} : { cash_quantity: leg.cash_quantity }),
    ...changeable(leg),
    outside_rth: leg.outside_rth,
    reduce_only,
  };
}
