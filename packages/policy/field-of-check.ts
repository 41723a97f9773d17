/**
 * The field of the order that a check judges, for whoever has to correct it. A check that is about
 * the account, the market or the day and not about one field is named by itself.
 */
const FIELDS: Readonly<Record<string, string>> = {
  "account-allowed": "account_id",
  "account-mode": "account_id",
  "approval-in-time": "approval_id",
  "approval-matches": "approval_id",
  "approval-present": "approval_id",
  "approval-tier": "approval_id",
  "approval-unused": "approval_id",
  "asset-class-allowed": "conid",
  "bracket-coherent": "legs",
  "cash-only": "quantity",
  "currency-allowed": "conid",
  "exchange-allowed": "exchange",
  "fat-finger-notional": "quantity",
  "fat-finger-quantity": "quantity",
  "foreign-order": "order_id",
  fractional: "quantity",
  "group-coherent": "legs",
  "idempotency-conflict": "idempotency_key",
  "idempotency-key": "idempotency_key",
  "instrument-allowed": "conid",
  "instrument-denied": "conid",
  "instrument-unambiguous": "conid",
  "issuer-allowed": "conid",
  "market-order": "order_type",
  "order-modifiable": "order_id",
  "order-notional": "quantity",
  "order-quantity": "quantity",
  "order-type-allowed": "order_type",
  "outside-rth": "outside_rth",
  "preview-fresh": "preview_id",
  "price-collar": "limit_price",
  "price-tick": "limit_price",
  "protective-stop": "stop_price",
  "quantity-step": "quantity",
  "reduce-only": "reduce_only",
  "restricted-list": "conid",
  "sector-allowed": "conid",
  "short-allowed": "side",
  "stop-side": "stop_price",
  "tif-allowed": "time_in_force",
};

/**
 * The field that a check judges, by the check's name; the name itself where there is no such field.
 */
export const fieldOf = (check: string): string => FIELDS[check] ?? check;

/** For the test that each of them is a check. */
export const CHECKS_WITH_FIELD: readonly string[] = Object.keys(FIELDS);
