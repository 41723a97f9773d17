/**
 * Names of order codes until November 2026, and what they are called now. They were the Rust
 * predecessor's and said LIVE_ or PAPER_ where both modes were meant. Stored answers and a PC that
 * was not updated yet still bear them, so they are read for good and never written.
 */
const FORMER_CODES: ReadonlyMap<string, string> = new Map([
  ["LIVE_KILL_SWITCH_CLOSED", "KILL_SWITCH_CLOSED"],
  ["LIVE_AUDIT_UNAVAILABLE", "AUDIT_UNAVAILABLE"],
  ["LIVE_LIMIT_POLICY_DISABLED", "LIMIT_POLICY_DISABLED"],
  ["LIVE_ACCOUNT_NOT_ALLOWLISTED", "ACCOUNT_NOT_ALLOWLISTED"],
  ["LIVE_FEATURE_DISABLED", "FEATURE_DISABLED"],
  ["LIVE_MIGRATION_CHECKLIST_MISSING", "MIGRATION_CHECKLIST_MISSING"],
  ["LIVE_SYMBOL_REFUSED", "SYMBOL_REFUSED"],
  ["LIVE_ASSET_CLASS_REFUSED", "ASSET_CLASS_REFUSED"],
  ["LIVE_MARKET_SNAPSHOT_MISSING", "MARKET_SNAPSHOT_MISSING"],
  ["LIVE_STALE_QUOTE", "STALE_QUOTE"],
  ["LIVE_PRICE_COLLAR_REFUSED", "PRICE_COLLAR_REFUSED"],
  ["LIVE_NOTIONAL_LIMIT_REFUSED", "NOTIONAL_LIMIT_REFUSED"],
  ["LIVE_QUANTITY_LIMIT_REFUSED", "QUANTITY_LIMIT_REFUSED"],
  ["LIVE_FREQUENCY_LIMIT_REFUSED", "FREQUENCY_LIMIT_REFUSED"],
  ["LIVE_SESSION_ORDER_LIMIT_REFUSED", "SESSION_ORDER_LIMIT_REFUSED"],
  ["LIVE_SESSION_NOTIONAL_LIMIT_REFUSED", "SESSION_NOTIONAL_LIMIT_REFUSED"],
  ["PAPER_IDEMPOTENCY_CONFLICT", "IDEMPOTENCY_CONFLICT"],
  ["LIVE_IDEMPOTENCY_KEY_MISSING", "IDEMPOTENCY_KEY_MISSING"],
  ["LIVE_PREVIEW_EXPIRED", "PREVIEW_EXPIRED"],
  ["LIVE_APPROVAL_MISSING", "APPROVAL_MISSING"],
]);

export const FORMER_NAMES: readonly string[] = [...FORMER_CODES.keys()];

/** A code by today's name; anything that was never another name stays as it is. */
export function presentCode(code: unknown): unknown {
  return typeof code === "string" ? (FORMER_CODES.get(code) ?? code) : code;
}
