import * as z from "zod";
import { canonicalJson, sha256Hex } from "../digest.ts";
import { AccountId, Conid } from "../operations/parts.ts";
import { dec, Figure, OrderDecimal, parseFigure } from "../orders/decimal.ts";
import { AcceptedWarning, Nonce } from "../orders/intent.ts";
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
  /**
   * Warnings of the broker's that the owner read and accepts beforehand, by id and wording. Nobody
   * reads the others of an order under a mandate, so an order that has one is not covered.
   */
  accepted_warnings: z.array(AcceptedWarning).max(20),
  not_before: z.iso.datetime({ precision: 3 }),
  not_after: z.iso.datetime({ precision: 3 }),
  nonce: Nonce,
});
export type Mandate = z.infer<typeof Mandate>;

/** `SHA-256("ibkr-mandate/v1" ‖ JCS(mandate))`: what the owner's passkey signs once. */
export function mandateHash(mandate: Mandate): string {
  return sha256Hex(`ibkr-mandate/v1${canonicalJson(mandate)}`);
}

/**
 * What was already done under the mandate in the last 24 hours: every order that may have left,
 * however it ended, unknown and open ones included.
 */
export const MandateUsage = z.strictObject({
  orders_today: z.int().nonnegative(),
  /** Null when the value of any order of today is unknown: then nothing is left of the bound. */
  notional_today: Figure.nullable(),
});
export type MandateUsage = z.infer<typeof MandateUsage>;

/** What is judged against a mandate: the order, and what the one who judges read about it now. */
export interface UnderMandate {
  ticket: Ticket;
  /** Worst case in base currency, the larger of then and now; null when it is not known. */
  notional: string | null;
  gatewayAccountId: string;
  /** Null at the sidecar: no client is proved there. The edge checks it, the bounds hold without. */
  clientId: string | null;
  effect: Effect | null;
  /** What would be accepted in the owner's name when the broker asks. */
  acceptedWarnings: readonly AcceptedWarning[];
}

/** Whether an order lies inside the bounds: every way in which it does not, or nothing. */
export function mandateFaults(
  mandate: Mandate,
  order: UnderMandate,
  usage: MandateUsage,
  now: string,
): OrderRefusal[] {
  return [
    ...standingFaults(mandate, order, now),
    ...orderFaults(mandate, order),
    ...amountFaults(mandate, order, usage),
  ];
}

const outside = (field: string, rule: string, message: string): OrderRefusal =>
  refusal("MANDATE_NOT_COVERING", field, rule, message);

/** Whose it is, where, and when. */
function standingFaults(mandate: Mandate, order: UnderMandate, now: string): OrderRefusal[] {
  const faults: OrderRefusal[] = [];
  const { order: asked } = order.ticket;
  const at = Date.parse(now);
  if (!(at >= Date.parse(mandate.not_before) && at < Date.parse(mandate.not_after))) {
    faults.push(outside("not_after", "in_force", "The mandate is not in force now."));
  }
  if (order.gatewayAccountId !== mandate.gateway_account_id) {
    faults.push(
      outside("gateway_account_id", "own_gateway_account", "The mandate is another owner's."),
    );
  }
  if (!mandate.accounts.includes(asked.account_id)) {
    faults.push(outside("account_id", "account_named", "The mandate does not name this account."));
  }
  if (asked.mode !== mandate.mode) {
    faults.push(outside("mode", "mode_named", `The mandate is for ${mandate.mode} orders.`));
  }
  if (order.clientId !== null && !mandate.clients.includes(order.clientId)) {
    faults.push(outside("client_id", "client_named", "The mandate does not name this agent."));
  }
  return faults;
}

/** What kind of order it is. */
function orderFaults(mandate: Mandate, order: UnderMandate): OrderRefusal[] {
  const faults: OrderRefusal[] = [];
  const { order: asked, warnings } = order.ticket;
  if (asked.action !== "place") {
    // A change may be of an order that the owner approved by itself, or of somebody else's.
    faults.push(outside("action", "new_orders_only", "A mandate covers new orders only."));
  }
  for (const { contract } of asked.legs) {
    if (mandate.conids !== null && !mandate.conids.includes(contract.conid)) {
      faults.push(outside("conid", "contract_named", "The mandate does not name this contract."));
    }
    if (!mandate.asset_classes.includes(contract.asset_class)) {
      faults.push(
        outside("asset_class", "asset_class_named", "The mandate does not cover this asset class."),
      );
    }
  }
  // The exits of a bracket stand on the other side of the order they protect.
  for (const { side } of asked.legs.filter(({ role }) => !isExitRole(role))) {
    if (!mandate.sides.includes(side)) {
      faults.push(outside("side", "side_named", `The mandate does not cover ${side} orders.`));
    }
  }
  for (const { order_type } of asked.legs) {
    if (!mandate.order_types.includes(order_type)) {
      faults.push(
        outside(
          "order_type",
          "order_type_named",
          `The mandate does not cover ${order_type} orders.`,
        ),
      );
    }
  }
  if (mandate.reduce_only && order.effect?.kind !== "exit") {
    faults.push(
      outside(
        "reduce_only",
        "exits_only",
        "The mandate covers orders that reduce a position only.",
      ),
    );
  }
  const unread = [...warnings, ...order.acceptedWarnings].some(
    (warning) => !mandate.accepted_warnings.some((accepted) => sameWarning(accepted, warning)),
  );
  if (unread) {
    faults.push(
      outside(
        "warnings",
        "warnings_accepted",
        "The broker warns of something that the mandate does not accept beforehand.",
      ),
    );
  }
  return faults;
}

/** How much, by itself and with what was done today. */
function amountFaults(mandate: Mandate, order: UnderMandate, usage: MandateUsage): OrderRefusal[] {
  const faults: OrderRefusal[] = [];
  for (const { quantity } of order.ticket.order.legs) {
    if (quantity === null || dec(quantity).greaterThan(dec(mandate.max_quantity_per_order))) {
      faults.push(
        outside("quantity", "max_quantity_per_order", "The quantity is beyond the mandate's."),
      );
    }
  }
  const notional = parseFigure(order.notional);
  if (notional === null) {
    faults.push(outside("notional", "notional_known", "The order's value is unknown."));
  } else {
    if (notional.greaterThan(dec(mandate.max_notional_per_order))) {
      faults.push(
        outside("notional", "max_notional_per_order", "The order's value is beyond the mandate's."),
      );
    }
    const today = usage.notional_today;
    if (
      today === null ||
      notional.plus(dec(today)).greaterThan(dec(mandate.max_notional_per_day))
    ) {
      faults.push(
        outside(
          "notional",
          "max_notional_per_day",
          today === null
            ? "What was used of the mandate today is unknown."
            : "The mandate's value for today is used up.",
        ),
      );
    }
  }
  if (usage.orders_today + 1 > mandate.max_orders_per_day) {
    faults.push(
      outside("orders", "max_orders_per_day", "The mandate's orders for today are used up."),
    );
  }
  return faults;
}

/** What of an order's warnings a mandate accepts in its owner's name. */
export function acceptedUnder(mandate: Mandate, ticket: Ticket): AcceptedWarning[] {
  return mandate.accepted_warnings.filter((accepted) =>
    ticket.warnings.some((warning) => sameWarning(accepted, warning)),
  );
}

const sameWarning = (a: AcceptedWarning, b: AcceptedWarning): boolean =>
  a.message_id === b.message_id && a.fingerprint === b.fingerprint;

const isExitRole = (role: string): boolean => role === "take_profit" || role === "stop_loss";
