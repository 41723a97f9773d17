import * as z from "zod";
import { canonicalJson, sha256Hex } from "../digest.ts";
import { AccountId, Conid, Currency } from "../operation-schemas/field-types.ts";
import { acceptedOfTicket } from "../orders/broker-question.ts";
import { Figure, OrderDecimal } from "../orders/decimal.ts";
import { AcceptedWarning, Nonce } from "../orders/intent.ts";
import { type OrderRefusal, refusal } from "../orders/order-refusal.ts";
import { AssetClass, OrderType, Side, TimeInForce, TradingMode } from "../orders/order-terms.ts";
import type { Effect, Ticket, TicketQuote } from "../orders/ticket.ts";

/**
 * A mandate: bounds the owner signed once, inside which no tap per order is needed. Every bound is
 * finite and there is always an end; what is not named is not allowed.
 */
const signed = {
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
  /** Value at risk, in base currency. */
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
};

/** As signed until November 2026; what it does not name is bound as `mandate-bounds.ts` says. */
export const MandateV1 = z.strictObject({ v: z.literal(1), ...signed });
export type MandateV1 = z.infer<typeof MandateV1>;

export const MandateV2 = z.strictObject({
  v: z.literal(2),
  ...signed,
  /** Currencies of the contracts. */
  currencies: z.array(Currency).min(1).max(20),
  /** Where an order is routed: `SMART`, or an exchange by its name. */
  exchanges: z.array(z.string().min(1).max(20)).min(1).max(20),
  times_in_force: z.array(TimeInForce).min(1),
  /** Whether an order may also fill outside regular hours. */
  outside_rth: z.boolean(),
  /** Whether an order may be placed that waits for its market to open. */
  when_closed: z.boolean(),
  /** Whether shares and futures may be sold to open, so that a rise without bound costs. */
  short_sales: z.boolean(),
  /** How far beyond the market the price may lie, in percent of the market's. */
  max_price_beyond_percent: OrderDecimal,
  /** The last day on which what is traded may expire, `YYYYMMDD`; null covers nothing that expires. */
  latest_expiry: z
    .string()
    .regex(/^20\d{6}$/)
    .nullable(),
});
export type MandateV2 = z.infer<typeof MandateV2>;

export const Mandate = z.discriminatedUnion("v", [MandateV1, MandateV2]);
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
  /** Value at risk in base currency, the larger of then and now; null when it is not known. */
  notional: string | null;
  /** As read by the one who judges, at this moment. */
  market: TicketQuote | null;
  /** By its hours the order could not trade now. */
  waits: boolean;
  gatewayAccountId: string;
  /** Null at the sidecar: no client is proved there. The edge checks it, the bounds hold without. */
  clientId: string | null;
  effect: Effect | null;
  /** What would be accepted in the owner's name when the broker asks. */
  acceptedWarnings: readonly AcceptedWarning[];
}

/** What of an order's warnings a mandate accepts in its owner's name. */
export function acceptedUnder(mandate: Mandate, ticket: Ticket): AcceptedWarning[] {
  return acceptedOfTicket(mandate.accepted_warnings, ticket.warnings);
}

/** Whether a leg of this role takes the position back: a bracket's target or its stop. */
export const isExitRole = (role: string): boolean => role === "take_profit" || role === "stop_loss";

/** One way in which an order lies outside of a mandate. */
export const outside = (field: string, rule: string, message: string): OrderRefusal =>
  refusal("MANDATE_NOT_COVERING", field, rule, message);
