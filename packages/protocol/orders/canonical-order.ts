import * as z from "zod";
import { AccountId, Conid } from "../operation-schemas/field-types.ts";
import { canonicalDecimal, OrderDecimal } from "./decimal.ts";
import {
  AssetClass,
  OptionRight,
  OrderType,
  Side,
  TimeInForce,
  TradingMode,
  Trailing,
} from "./order-terms.ts";

/**
 * The canonical order: what will be sent, in the sidecar's own words, after it resolved the
 * contract itself. Every field is present (null where it does not apply) and every decimal has one
 * spelling, so that the same order always has the same hash and a changed one never does.
 */
export const Contract = z.strictObject({
  conid: Conid,
  symbol: z.string().max(40),
  asset_class: AssetClass,
  /** Where it is routed; SMART unless asked otherwise. */
  exchange: z.string().max(20),
  listing_exchange: z.string().max(20).nullable(),
  currency: z.string().regex(/^[A-Z]{3}$/),
  multiplier: OrderDecimal,
  expiry: z
    .string()
    .regex(/^20\d{6}$/)
    .nullable(),
  strike: OrderDecimal.nullable(),
  right: OptionRight.nullable(),
});
export type Contract = z.infer<typeof Contract>;

export const LegRole = z.enum(["single", "entry", "take_profit", "stop_loss", "oca_member"]);
export type LegRole = z.infer<typeof LegRole>;

export const Leg = z.strictObject({
  role: LegRole,
  contract: Contract,
  side: Side,
  order_type: OrderType,
  /** Null only for a cash-quantity order. */
  quantity: OrderDecimal.nullable(),
  cash_quantity: OrderDecimal.nullable(),
  limit_price: OrderDecimal.nullable(),
  stop_price: OrderDecimal.nullable(),
  trailing: Trailing.nullable(),
  time_in_force: TimeInForce,
  outside_rth: z.boolean(),
});
export type Leg = z.infer<typeof Leg>;

/** The working order that a modify or cancel is about, as the sidecar read it. */
export const TargetOrder = z.strictObject({
  order_id: z.string().regex(/^[1-9]\d{0,18}$/),
  /** Our cOID; null on an order placed elsewhere. */
  order_ref: z.string().nullable(),
  foreign: z.boolean(),
  /** The order as it works now, to show what changes. */
  before: Leg,
  filled_quantity: OrderDecimal,
});
export type TargetOrder = z.infer<typeof TargetOrder>;

export const CanonicalOrder = z.strictObject({
  v: z.literal(1),
  action: z.enum(["place", "modify", "cancel"]),
  structure: z.enum(["single", "bracket", "oca"]),
  account_id: AccountId,
  /** Proved by the broker, never by a label. */
  mode: TradingMode,
  legs: z.array(Leg).min(1).max(6),
  target: TargetOrder.nullable(),
  reduce_only: z.boolean(),
});
export type CanonicalOrder = z.infer<typeof CanonicalOrder>;

/** Brings every decimal of an order to its one spelling. Idempotent. */
export function canonicalOrder(order: CanonicalOrder): CanonicalOrder {
  return {
    ...order,
    legs: order.legs.map(canonicalLeg),
    target:
      order.target === null
        ? null
        : {
            ...order.target,
            before: canonicalLeg(order.target.before),
            filled_quantity: canonicalDecimal(order.target.filled_quantity),
          },
  };
}

function canonicalLeg(leg: Leg): Leg {
  return {
    ...leg,
    contract: {
      ...leg.contract,
      multiplier: canonicalDecimal(leg.contract.multiplier),
      strike: spell(leg.contract.strike),
    },
    quantity: spell(leg.quantity),
    cash_quantity: spell(leg.cash_quantity),
    limit_price: spell(leg.limit_price),
    stop_price: spell(leg.stop_price),
    trailing:
      leg.trailing === null
        ? null
        : { unit: leg.trailing.unit, offset: canonicalDecimal(leg.trailing.offset) },
  };
}

const spell = (text: string | null): string | null =>
  text === null ? null : canonicalDecimal(text);

/** The leg that opens or closes the position: the entry of a bracket, the first of the rest. */
export function principalLeg(order: CanonicalOrder): Leg {
  const [first] = order.legs;
  if (first === undefined) throw new RangeError("an order has at least one leg");
  return order.legs.find((leg) => leg.role === "entry") ?? first;
}
