import * as z from "zod";
import { presentCode } from "./former-codes.ts";

/**
 * Why an order is refused: one closed union, part of the interface. A name never says which mode
 * was asked for; the ticket does. What the Rust predecessor called the same stands in
 * docs/predecessor-codes.md.
 */
const SHARED_CODES = [
  "INPUT_INVALID",
  "INPUT_AMBIGUOUS_CONTRACT",
  "INPUT_INVALID_CONTRACT",
  "SIDECAR_UNAVAILABLE",
  "BROKER_SESSION_REQUIRED",
  "BROKER_TAKEOVER_REQUIRED",
  "BROKER_BACKEND_UNAVAILABLE",
  "AUTH_MISSING_SCOPE",
] as const;

/** What only an order can be refused for; `errors.ts` adds these to the gateway's own. */
export const ORDER_ONLY_CODES = [
  // Form: what the caller sent.
  "ORDER_QUANTITY_INVALID",
  "ORDER_PRICE_INVALID",
  "ORDER_LIMIT_PRICE_REQUIRED",
  "ORDER_STOP_PRICE_REQUIRED",
  "ORDER_TRAILING_OFFSET_REQUIRED",
  "ORDER_TRAILING_OFFSET_INVALID",
  "ORDER_FIELD_NOT_ALLOWED",
  "ORDER_CASH_QUANTITY_REFUSED",
  "ORDER_ID_REFUSED",
  // State.
  "KILL_SWITCH_CLOSED",
  "TRADING_STATE_REFUSED",
  "ORDER_RECONCILING",
  "AUDIT_UNAVAILABLE",
  "CLOCK_SKEW",
  "POLICY_MISSING",
  "LIMIT_POLICY_DISABLED",
  "POLICY_EXPIRED",
  "MAINTENANCE_WINDOW",
  // Identity and authority.
  "CLIENT_NOT_ALLOWED",
  "ACCOUNT_NOT_ALLOWLISTED",
  "ORDER_ACCOUNT_MODE_REFUSED",
  "FEATURE_DISABLED",
  "MIGRATION_CHECKLIST_MISSING",
  "AGENT_BUDGET_EXCEEDED",
  "SESSION_QUARANTINE",
  "FOREIGN_ORDER",
  "ORDER_NOT_MODIFIABLE",
  // Well-formedness against the contract.
  "ORDER_TYPE_NOT_ALLOWED",
  "ORDER_MARKET_TYPE_REFUSED",
  "TIF_NOT_ALLOWED",
  "GTC_AGE_EXCEEDED",
  "OUTSIDE_RTH_NOT_ALLOWED",
  "PRICE_TICK",
  "QTY_STEP",
  "ORDER_FRACTIONAL_REFUSED",
  "STOP_WRONG_SIDE",
  "BRACKET_INCOHERENT",
  "OCA_INCOHERENT",
  "VENUE_RULE",
  // Instrument.
  "SYMBOL_REFUSED",
  "INSTRUMENT_DENIED",
  "ISSUER_DENIED",
  "ASSET_CLASS_REFUSED",
  "EXCHANGE_NOT_ALLOWED",
  "CURRENCY_NOT_ALLOWED",
  "SECTOR_NOT_ALLOWED",
  "RESTRICTED_LIST",
  "INSTRUMENT_HALTED",
  "NOT_TRADABLE_NOW",
  "OPTION_RULES",
  // Data quality.
  "MARKET_SNAPSHOT_MISSING",
  "STALE_QUOTE",
  "QUOTE_DELAYED",
  "QUOTE_CROSSED",
  "QUOTE_ONE_SIDED",
  "SPREAD_TOO_WIDE",
  "PRICE_COLLAR_REFUSED",
  "FAT_FINGER_QTY",
  "FAT_FINGER_NOTIONAL",
  "MARKET_ORDER_SLIPPAGE_CAP",
  // Per order.
  "NOTIONAL_LIMIT_REFUSED",
  "QUANTITY_LIMIT_REFUSED",
  "NLV_PERCENT_EXCEEDED",
  "BUYING_POWER_EXCEEDED",
  "WHATIF_REJECTED",
  "WHATIF_DIFFERS",
  "EXCESS_LIQUIDITY_FLOOR",
  "LEVERAGE_CAP",
  "CASH_ONLY",
  "COMMISSION_TOO_HIGH",
  // Cumulative.
  "FREQUENCY_LIMIT_REFUSED",
  "SESSION_ORDER_LIMIT_REFUSED",
  "MESSAGE_RATE_EXCEEDED",
  "CANCEL_FILL_RATIO",
  "SESSION_NOTIONAL_LIMIT_REFUSED",
  "TURNOVER_EXCEEDED",
  "ROUND_TRIPS_EXCEEDED",
  "OPEN_ORDERS_EXCEEDED",
  "OPEN_NOTIONAL_EXCEEDED",
  "REPEATED_EXECUTION",
  // Portfolio.
  "POSITION_QTY_EXCEEDED",
  "POSITION_NOTIONAL_EXCEEDED",
  "POSITION_NLV_EXCEEDED",
  "CONCENTRATION_EXCEEDED",
  "EXPOSURE_EXCEEDED",
  "GREEKS_EXCEEDED",
  "SHORT_NOT_ALLOWED",
  "WOULD_FLIP",
  "SELF_TRADE",
  "REDUCE_ONLY_WOULD_INCREASE",
  "PROTECTION_WEAKENED",
  // Behaviour.
  "DAILY_LOSS_LIMIT",
  "DRAWDOWN_LIMIT",
  "LOSS_COOLDOWN",
  "REENTRY_LOCKED",
  "QUIET_HOURS",
  "DUPLICATE_ORDER",
  "IDEMPOTENCY_CONFLICT",
  "IDEMPOTENCY_KEY_MISSING",
  "PREVIEW_EXPIRED",
  "INTENT_EXPIRED",
  "PRICE_DRIFT",
  // Approval.
  "APPROVAL_MISSING",
  "APPROVAL_PREVIEW_MISMATCH",
  "APPROVAL_CONSUMED",
  "APPROVAL_EXPIRED",
  "APPROVAL_DENIED",
  "APPROVAL_TIER_TOO_LOW",
  "APPROVAL_RATE_LIMITED",
  "APPROVAL_MALFORMED",
  "APPROVAL_TYPE_REFUSED",
  "APPROVAL_CHALLENGE_MISMATCH",
  "APPROVAL_ORIGIN_REFUSED",
  "APPROVAL_RP_REFUSED",
  "APPROVAL_USER_NOT_PRESENT",
  "APPROVAL_USER_NOT_VERIFIED",
  "APPROVAL_KEY_NOT_ENROLLED",
  "APPROVAL_ALGORITHM_REFUSED",
  "APPROVAL_SIGNATURE_INVALID",
  "APPROVAL_COUNTER_REGRESSED",
  "APPROVAL_ECHO_MISMATCH",
  "MANDATE_NOT_COVERING",
  // The broker's.
  "ORDER_REJECTED",
  // The sidecar's own caps.
  "LOCAL_KILL_SWITCH",
  "LOCAL_CAP_EXCEEDED",
  "GENERATION_CHANGED",
] as const;

export const ORDER_REFUSAL_CODES = [...SHARED_CODES, ...ORDER_ONLY_CODES] as const;

/** Reads names of before as well, see {@link presentCode}. */
export const OrderRefusalCode = z.preprocess(presentCode, z.enum(ORDER_REFUSAL_CODES));
export type OrderRefusalCode = z.infer<typeof OrderRefusalCode>;

/** One reason, naming the field and the rule it broke; `message` can be read out. */
export const OrderRefusal = z.strictObject({
  code: OrderRefusalCode,
  /** Path in what the caller sent, or in the ticket: `quantity`, `stop_loss.stop_price`. */
  field: z.string(),
  /** Stable name of the rule: `positive`, `on_tick`, `required_for_type`. */
  rule: z.string(),
  message: z.string(),
});
export type OrderRefusal = z.infer<typeof OrderRefusal>;

/**
 * Puts a refusal together: the code for programs, the field and the rule that was broken, a
 * sentence for people. The rule is a stable name in snake case.
 */
export function refusal(
  code: OrderRefusalCode,
  field: string,
  rule: string,
  message: string,
): OrderRefusal {
  return { code, field, rule, message };
}
