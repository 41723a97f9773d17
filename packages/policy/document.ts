import { TierRules } from "@ibkr-edge-gateway/protocol/approval/tier.ts";
import { digestOf } from "@ibkr-edge-gateway/protocol/digest.ts";
import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import {
  AccountId,
  Conid,
  Currency,
} from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import { OrderDecimal } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import {
  AssetClass,
  OrderType,
  TimeInForce,
  TradingMode,
} from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
import * as z from "zod";

/**
 * The policy of one broker account: data, versioned and hashed, in the account's base currency.
 * `null` switches a limit off, and is the loosest value it can have. Each field carries the
 * direction in which it tightens, so that two versions can be compared field by field: see
 * `restriction.ts`.
 */
export type Direction =
  /** A ceiling: lower is tighter. */
  | "lower"
  /** A floor: higher is tighter. */
  | "higher"
  /** What is allowed: a subset is tighter. */
  | "fewer"
  /** What is forbidden: a superset is tighter. */
  | "more"
  /** A permission: false is tighter. */
  | "forbid"
  /** A demand: true is tighter. */
  | "demand"
  /** An end: earlier is tighter, none is loosest. */
  | "earlier"
  /** Whether orders may go without a tap: `never` is tighter. */
  | "never"
  /** Not comparable: every change counts as loosening. */
  | "any";

/** The direction stands with the field, in the schema's own registry of facts. */
export const DIRECTIONS = z.registry<{ tightens: Direction }>();
const tightens = <T extends z.ZodType>(direction: Direction, schema: T): T => {
  DIRECTIONS.add(schema, { tightens: direction });
  return schema;
};

const amount = () => OrderDecimal.nullable();
const ceiling = () => tightens("lower", amount());
const floor = () => tightens("higher", amount());
const most = () => tightens("lower", z.int().nonnegative().nullable());
const least = () => tightens("higher", z.int().nonnegative().nullable());
const allowed = <T extends z.ZodType>(item: T) =>
  tightens("fewer", z.array(item).max(1_000).nullable());
const denied = <T extends z.ZodType>(item: T) => tightens("more", z.array(item).max(1_000));
const permission = () => tightens("forbid", z.boolean());
const demand = () => tightens("demand", z.boolean());

const Clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/);

/** A daily window in a time zone; one that ends before it starts runs over midnight. */
export const DailyWindow = z.strictObject({ from: Clock, to: Clock, zone: z.string().max(60) });
export type DailyWindow = z.infer<typeof DailyWindow>;

/** A contract nobody may trade for a while: an employer's list, a blackout window. */
export const Restriction = z.strictObject({
  conid: Conid,
  from: z.iso.datetime({ precision: 3 }).nullable(),
  until: z.iso.datetime({ precision: 3 }).nullable(),
  /** `all` also holds for orders that close the position: a legal ban, not a risk limit. */
  blocks: z.enum(["entries", "all"]),
  reason: z.string().max(200),
});

const word = z.string().min(1).max(60);

export const PolicyDocument = z.strictObject({
  v: tightens("any", z.literal(1)),
  account_id: tightens("any", AccountId),
  mode: tightens("any", TradingMode),
  enabled: permission(),
  /** After this no entries; exits and cancels go on. */
  expires_at: tightens("earlier", z.iso.datetime({ precision: 3 }).nullable()),

  state: z.strictObject({
    max_sidecar_skew_ms: most(),
    max_broker_skew_ms: most(),
    max_audit_lag_seconds: most(),
    maintenance: denied(DailyWindow),
    quiet_hours: denied(DailyWindow),
  }),

  clients: z.strictObject({
    /** OAuth client ids; null admits every client the owner let in with the scope. */
    allowed: allowed(z.string().max(256)),
    quarantine_minutes: least(),
    max_orders_per_day: most(),
    max_notional_per_day: ceiling(),
    max_approvals_per_hour: most(),
  }),

  form: z.strictObject({
    order_types: allowed(OrderType),
    /** Market orders only in regular hours, under a cap of their own. */
    market_orders: permission(),
    times_in_force: allowed(TimeInForce),
    outside_rth: permission(),
    when_closed: permission(),
    gtc_max_days: most(),
    fractional: permission(),
    min_quantity: floor(),
  }),

  instruments: z.strictObject({
    conids_allowed: allowed(Conid),
    conids_denied: denied(Conid),
    issuers_denied: denied(word),
    asset_classes: allowed(AssetClass),
    exchanges: allowed(word),
    currencies: allowed(Currency),
    sectors_denied: denied(word),
    restricted: denied(Restriction),
  }),

  options: z.strictObject({
    /** Any short option position. */
    short: permission(),
    /**
     * Short calls: what they may lose has no bound, and whether one is covered cannot be told from the
     * facts. Policies from before this field allow none.
     */
    uncovered_calls: tightens("forbid", z.boolean().default(false)),
    min_days_to_expiry: least(),
    max_days_to_expiry: most(),
    max_contracts: ceiling(),
    max_premium: ceiling(),
    max_assignment_notional: ceiling(),
    short_across_events: permission(),
  }),

  data: z.strictObject({
    max_quote_age_seconds: most(),
    delayed: permission(),
    two_sided: demand(),
    max_spread_bps: ceiling(),
    /** How far a limit may lie on the aggressive side, on the passive side, and while closed. */
    collar_aggressive_bps: ceiling(),
    collar_passive_bps: ceiling(),
    collar_closed_bps: ceiling(),
    market_slippage_bps: ceiling(),
    /** How many times the median of this agent's own orders. */
    fat_finger_quantity_times: ceiling(),
    fat_finger_notional_times: ceiling(),
    fat_finger_least_orders: tightens("lower", z.int().positive()),
    max_fx_age_seconds: most(),
  }),

  order: z.strictObject({
    max_notional: ceiling(),
    max_quantity: ceiling(),
    max_nlv_percent: ceiling(),
    max_buying_power_percent: ceiling(),
    what_if: demand(),
    min_excess_liquidity: floor(),
    max_leverage: ceiling(),
    cash_only: demand(),
    max_commission_percent: ceiling(),
  }),

  cumulative: z.strictObject({
    max_orders_per_second: most(),
    max_orders_per_minute: most(),
    max_orders_per_hour: most(),
    max_orders_per_day: most(),
    max_messages_per_minute: most(),
    max_cancels_per_fill: ceiling(),
    max_buy_notional_per_day: ceiling(),
    max_turnover_per_day: ceiling(),
    max_round_trips: most(),
    max_open_orders: most(),
    max_open_notional: ceiling(),
    repeat_times: most(),
    repeat_minutes: least(),
    repeat_tolerance_percent: floor(),
  }),

  portfolio: z.strictObject({
    max_position_quantity: ceiling(),
    max_position_notional: ceiling(),
    max_position_nlv_percent: ceiling(),
    max_issuer_percent: ceiling(),
    max_sector_percent: ceiling(),
    max_country_percent: ceiling(),
    max_currency_percent: ceiling(),
    max_gross_percent: ceiling(),
    max_net_percent: ceiling(),
    max_abs_delta: ceiling(),
    max_abs_gamma: ceiling(),
    max_abs_vega: ceiling(),
    short: permission(),
    flip: permission(),
    self_trade: permission(),
    widen_stop: permission(),
    remove_stop: permission(),
  }),

  behaviour: z.strictObject({
    daily_loss_soft: ceiling(),
    daily_loss_hard: ceiling(),
    max_drawdown_percent: ceiling(),
    cooldown_after_losses: most(),
    cooldown_minutes: least(),
    reentry_lock_minutes: least(),
    duplicate_window_seconds: least(),
    denial_holds_minutes: least(),
    max_drift_bps: ceiling(),
    /**
     * After this many orders in a row that failed or cannot be proved, trading stops until the
     * owner lifts it. Policies from before this field have the value of a careful new one.
     */
    stop_after_errors: tightens("lower", z.int().positive().nullable().default(5)),
  }),

  tiers: z.strictObject({
    tier_zero: tightens("never", TierRules.shape.tier_zero),
    tier_two_above_notional: ceiling(),
    tier_two_above_nlv_percent: ceiling(),
    tier_two_order_types: denied(OrderType),
    tier_two_on_flip: demand(),
    tier_two_on_warning: demand(),
  }),
});
export type PolicyDocument = z.infer<typeof PolicyDocument>;

/** A policy with the version it is kept under. */
export interface Policy {
  version: number;
  hash: string;
  document: PolicyDocument;
}

/**
 * Lower-case hex; part of every intent and of every audit leaf. A policy is named by the hash of
 * the document as it was stored, so that a field added later changes the name of none.
 */
export function policyHash(document: JsonValue): string {
  return digestOf("ibkr-policy/v1", document);
}

/**
 * The policy as it is signed and compared: the document with its version (counted from 1) and its
 * hash.
 */
export function policyOf(version: number, document: PolicyDocument): Policy {
  return { version, hash: policyHash(document), document };
}
