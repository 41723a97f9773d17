import type { FieldChange } from "@ibkr-edge-gateway/policy/restriction.ts";
import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";

/** What each limit of a policy is called on the page, in words an owner reads without a manual. */
const WORDS: Record<string, string> = {
  enabled: "This policy is in force (off: no entries)",
  expires_at: "Ends at (date and time in UTC)",
  "state.max_sidecar_skew_ms": "PC's clock may be wrong by (milliseconds)",
  "state.max_broker_skew_ms": "Broker's clock may differ by (milliseconds)",
  "state.max_audit_lag_seconds": "Audit copy may lag by (seconds)",
  "clients.allowed": "Only these agents (client ids)",
  "clients.quarantine_minutes": "A new agent only reads for (minutes)",
  "clients.max_orders_per_day": "Orders of one agent a day",
  "clients.max_notional_per_day": "Value of one agent's orders a day",
  "clients.max_approvals_per_hour": "Requests of one agent an hour",
  "form.order_types": "Order types",
  "form.market_orders": "Market orders",
  "form.times_in_force": "Times in force",
  "form.outside_rth": "Outside regular hours",
  "form.when_closed": "While the market is closed (the order waits)",
  "form.gtc_max_days": "Longest life of a good-till-cancelled order (days)",
  "form.fractional": "Fractions of a share",
  "form.min_quantity": "Least quantity",
  "instruments.conids_allowed": "Only these contracts (ids)",
  "instruments.conids_denied": "Never these contracts (ids)",
  "instruments.issuers_denied": "Never these issuers",
  "instruments.asset_classes": "Kinds: STK, OPT, FUT",
  "instruments.exchanges": "Exchanges",
  "instruments.currencies": "Currencies",
  "instruments.sectors_denied": "Never these sectors",
  "options.short": "Selling options short",
  "options.uncovered_calls": "Selling calls (the loss has no bound)",
  "options.min_days_to_expiry": "Days to expiry, at least",
  "options.max_days_to_expiry": "Days to expiry, at most",
  "options.max_contracts": "Contracts in one order",
  "options.max_premium": "Premium of one order",
  "options.max_assignment_notional": "Value if assigned",
  "options.short_across_events": "Short options across earnings and dividends",
  "data.max_quote_age_seconds": "A quote may be this old (seconds)",
  "data.delayed": "Delayed quotes are enough",
  "data.two_sided": "Both bid and ask are needed",
  "data.max_spread_bps": "Spread (hundredths of a percent)",
  "data.collar_aggressive_bps": "Limit beyond the market by (hundredths of a percent)",
  "data.collar_passive_bps": "Limit away from the market by (hundredths of a percent)",
  "data.collar_closed_bps": "Limit off the last close by, while closed (hundredths of a percent)",
  "data.market_slippage_bps": "Slippage of a market order (hundredths of a percent)",
  "data.fat_finger_quantity_times": "Quantity, times what is usual",
  "data.fat_finger_notional_times": "Value, times what is usual",
  "data.fat_finger_least_orders": "Orders before anything is usual",
  "data.max_fx_age_seconds": "An exchange rate may be this old (seconds)",
  "order.max_notional": "Value of one order",
  "order.max_quantity": "Quantity of one order",
  "order.max_nlv_percent": "Percent of the account's value",
  "order.max_buying_power_percent": "Percent of the buying power",
  "order.what_if": "The broker's own check must take it",
  "order.min_excess_liquidity": "Liquidity that must be left",
  "order.max_leverage": "Leverage",
  "order.cash_only": "Pay from cash only",
  "order.max_commission_percent": "Commission, percent of the order",
  "cumulative.max_orders_per_second": "Orders a second",
  "cumulative.max_orders_per_minute": "Orders a minute",
  "cumulative.max_orders_per_hour": "Orders an hour",
  "cumulative.max_orders_per_day": "Orders a day",
  "cumulative.max_messages_per_minute": "Order messages a minute",
  "cumulative.max_cancels_per_fill": "Cancels for each fill",
  "cumulative.max_buy_notional_per_day": "Purchases and options sold to open a day, in value",
  "cumulative.max_turnover_per_day": "Purchases and sales a day, in value",
  "cumulative.max_round_trips": "Day trades",
  "cumulative.max_open_orders": "Open orders",
  "cumulative.max_open_notional": "Open orders, in value",
  "cumulative.repeat_times": "The same order may fill this often",
  "cumulative.repeat_minutes": "… within (minutes)",
  "cumulative.repeat_tolerance_percent": "… where the price differs by less than (percent)",
  "portfolio.max_position_quantity": "Position, in units",
  "portfolio.max_position_notional": "Position, in value",
  "portfolio.max_position_nlv_percent": "Position, percent of the account",
  "portfolio.max_issuer_percent": "One issuer, percent of the account",
  "portfolio.max_sector_percent": "One sector, percent of the account",
  "portfolio.max_country_percent": "One country, percent of the account",
  "portfolio.max_currency_percent": "One currency, percent of the account",
  "portfolio.max_gross_percent": "All positions together, percent of the account",
  "portfolio.max_net_percent": "Long less short, percent of the account",
  "portfolio.max_abs_delta": "Delta",
  "portfolio.max_abs_gamma": "Gamma",
  "portfolio.max_abs_vega": "Vega",
  "portfolio.short": "Short positions",
  "portfolio.flip": "Turning a position round in one order",
  "portfolio.self_trade": "Trading against an own resting order",
  "portfolio.widen_stop": "Moving a protective stop further away",
  "portfolio.remove_stop": "Cancelling a protective stop",
  "behaviour.daily_loss_soft": "Loss of a day from which only exits pass",
  "behaviour.daily_loss_hard": "Loss of a day that stops trading",
  "behaviour.max_drawdown_percent": "Fall from the account's peak (percent)",
  "behaviour.cooldown_after_losses": "Pause after this many losses in a row",
  "behaviour.cooldown_minutes": "… for (minutes)",
  "behaviour.reentry_lock_minutes": "No new entry after a stop-out for (minutes)",
  "behaviour.duplicate_window_seconds": "The same order again not within (seconds)",
  "behaviour.denial_holds_minutes": "Your no holds for (minutes)",
  "behaviour.max_drift_bps": "Market may move against it meanwhile by (hundredths of a percent)",
  "behaviour.stop_after_errors": "Failures in a row that stop trading",
  "tiers.tier_zero": "Without a tap: never, or mandate (inside one you signed)",
  "tiers.tier_two_above_notional": "Typed out, with the PC's number, above a value of",
  "tiers.tier_two_above_nlv_percent": "… or above this percent of the account",
  "tiers.tier_two_order_types": "… or for these order types",
  "tiers.tier_two_on_flip": "… or when it turns a position round",
  "tiers.tier_two_on_warning": "… or when the broker warns",
};

/** By the field's path, e.g. `order.max_notional`. */
export function policyWords(path: string): string {
  const name = path.split(".").at(-1) ?? path;
  return WORDS[path] ?? sentence(name);
}

export function sentence(name: string): string {
  const text = name.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Fields that have words of their own; a test holds that none is forgotten. */
export const hasPolicyWords = (path: string): boolean => Object.hasOwn(WORDS, path);

/** As a form's field holds it; nothing is no limit. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(String).join(" ");
  return String(value);
}

/** A line of the owner's own page, and how many it takes. */
const LINE_MAX_CHARS = 200;
const LINES_MAX = 60;

/**
 * What a change loosens, a line each, for a page that is not the gateway's. A value that is too long
 * for its line says that it was cut, and lines that are too many say how many are missing: nobody
 * shall sign for a limit that was left out without a word.
 */
export function loosenedWords(changes: readonly FieldChange[]): string[] {
  const lines = changes.filter(({ change }) => change === "looser").map(lineOf);
  if (lines.length <= LINES_MAX) return lines;
  const shown = lines.slice(0, LINES_MAX - 1);
  return [...shown, `And ${lines.length - shown.length} more limits, which the console lists`];
}

function lineOf({ field, from, to }: FieldChange): string {
  const name = policyWords(field);
  const each = Math.floor((LINE_MAX_CHARS - name.length - ": ".length - " → ".length) / 2);
  return `${name}: ${shortly(from, each)} → ${shortly(to, each)}`;
}

function shortly(value: JsonValue, mostChars: number): string {
  const text = valueText(value);
  if (text.length <= mostChars) return text;
  const cut = ` … (cut, ${text.length} characters)`;
  return `${text.slice(0, mostChars - cut.length)}${cut}`;
}

function valueText(value: JsonValue): string {
  if (value === null) return "no limit";
  if (!Array.isArray(value))
    return typeof value === "object" ? JSON.stringify(value) : textOf(value);
  if (value.length === 0) return "none";
  return value.some((one) => typeof one === "object") ? JSON.stringify(value) : textOf(value);
}
