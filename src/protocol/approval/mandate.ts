import * as z from "zod";
import { canonicalJson, sha256Hex } from "../digest.ts";
import { AccountId, Conid } from "../operations/parts.ts";
import { principalLeg } from "../orders/canonical-order.ts";
import { dec, Figure, OrderDecimal, parseFigure } from "../orders/decimal.ts";
import { Nonce } from "../orders/intent.ts";
import { type OrderRefusal, refusal } from "../orders/refusal.ts";
import { AssetClass, OrderType, Side, TradingMode } from "../orders/terms.ts";
import type { Effect, Ticket } from "../orders/ticket.ts";

/**
 * A mandate: bounds the owner signed once, inside which no tap per order is needed. Every bound is
 * finite and there is always an end; what is not named is not allowed.
 */
export const Mandate = z.strictObject({
  v: z.literal(1),
  mandate_id: z.string().min(1).max(64),
  gateway_account_id: z.string().min(1).max(128),
  accounts: z.array(AccountId).min(1).max(10),
  mode: TradingMode,
  /** Agents that may use it, by OAuth client id. */
  clients: z.array(z.string().max(256)).min(1).max(20),
  /** Contracts it covers; null covers every contract of the asset classes. */
  conids: z.array(Conid).min(1).max(200).nullable(),
  asset_classes: z.array(AssetClass).min(1),
  sides: z.array(Side).min(1),
  order_types: z.array(OrderType).min(1),
  reduce_only: z.boolean(),
  /** In base currency. */
  max_notional_per_order: OrderDecimal,
  max_notional_per_day: OrderDecimal,
  max_quantity_per_order: OrderDecimal,
  max_orders_per_day: z.int().positive().max(1_000),
  not_before: z.iso.datetime({ precision: 3 }),
  not_after: z.iso.datetime({ precision: 3 }),
  nonce: Nonce,
});
export type Mandate = z.infer<typeof Mandate>;

/** `SHA-256("ibkr-mandate/v1" ‖ JCS(mandate))`: what the owner's passkey signs once. */
export function mandateHash(mandate: Mandate): string {
  return sha256Hex(`ibkr-mandate/v1${canonicalJson(mandate)}`);
}

/** What was already done under the mandate today, unknown and open orders included. */
export const MandateUsage = z.strictObject({
  orders_today: z.int().nonnegative(),
  /** Null when the value of any order of today is unknown: then nothing is left of the bound. */
  notional_today: Figure.nullable(),
});
export type MandateUsage = z.infer<typeof MandateUsage>;

/** Whether an order lies inside the bounds: every way in which it does not, or nothing. */
export function mandateFaults(
  mandate: Mandate,
  order: {
    ticket: Ticket;
    gatewayAccountId: string;
    clientId: string | null;
    effect: Effect | null;
  },
  usage: MandateUsage,
  now: string,
): OrderRefusal[] {
  const faults: OrderRefusal[] = [];
  const outside = (field: string, rule: string, message: string) =>
    faults.push(refusal("MANDATE_NOT_COVERING", field, rule, message));
  const { ticket } = order;
  const legs = ticket.order.legs;
  const leg = principalLeg(ticket.order);

  const at = Date.parse(now);
  if (!(at >= Date.parse(mandate.not_before) && at < Date.parse(mandate.not_after))) {
    outside("not_after", "in_force", "The mandate is not in force now.");
  }
  if (order.gatewayAccountId !== mandate.gateway_account_id) {
    outside("gateway_account_id", "own_gateway_account", "The mandate is another owner's.");
  }
  if (!mandate.accounts.includes(ticket.order.account_id)) {
    outside("account_id", "account_named", "The mandate does not name this account.");
  }
  if (ticket.order.mode !== mandate.mode) {
    outside("mode", "mode_named", `The mandate is for ${mandate.mode} orders.`);
  }
  // At the sidecar no client is proved; the edge checks it, the bounds hold without it.
  if (order.clientId !== null && !mandate.clients.includes(order.clientId)) {
    outside("client_id", "client_named", "The mandate does not name this agent.");
  }
  for (const { contract } of legs) {
    if (mandate.conids !== null && !mandate.conids.includes(contract.conid)) {
      outside("conid", "contract_named", "The mandate does not name this contract.");
    }
    if (!mandate.asset_classes.includes(contract.asset_class)) {
      outside("asset_class", "asset_class_named", "The mandate does not cover this asset class.");
    }
  }
  if (!mandate.sides.includes(leg.side)) {
    outside("side", "side_named", `The mandate does not cover ${leg.side} orders.`);
  }
  for (const { order_type } of legs) {
    if (!mandate.order_types.includes(order_type)) {
      outside("order_type", "order_type_named", `The mandate does not cover ${order_type} orders.`);
    }
  }
  if (mandate.reduce_only && order.effect?.kind !== "exit") {
    outside("reduce_only", "exits_only", "The mandate covers orders that reduce a position only.");
  }
  for (const { quantity } of legs) {
    if (quantity === null || dec(quantity).greaterThan(dec(mandate.max_quantity_per_order))) {
      outside("quantity", "max_quantity_per_order", "The quantity is beyond the mandate's.");
    }
  }
  const notional = parseFigure(ticket.notional);
  if (notional === null) {
    outside("notional", "notional_known", "The order's value is unknown.");
  } else {
    if (notional.greaterThan(dec(mandate.max_notional_per_order))) {
      outside("notional", "max_notional_per_order", "The order's value is beyond the mandate's.");
    }
    const today = usage.notional_today;
    if (
      today === null ||
      notional.plus(dec(today)).greaterThan(dec(mandate.max_notional_per_day))
    ) {
      outside(
        "notional",
        "max_notional_per_day",
        today === null
          ? "What was used of the mandate today is unknown."
          : "The mandate's value for today is used up.",
      );
    }
  }
  if (usage.orders_today + 1 > mandate.max_orders_per_day) {
    outside("orders", "max_orders_per_day", "The mandate's orders for today are used up.");
  }
  return faults;
}
