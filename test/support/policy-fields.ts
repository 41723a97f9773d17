import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { onSaturday } from "./closed-market.ts";
import { AAPL } from "./orders.ts";
import type { Draft, Tweak } from "./policy.ts";
import {
  account,
  approval,
  both,
  cancel,
  change,
  client,
  holding,
  instrument,
  leg,
  market,
  marketOrders,
  minutesAgo,
  nothing,
  option,
  sell,
  shortOption,
  stop,
  usage,
  whatIf,
  working,
} from "./policy-cases/tweaks.ts";

/**
 * For every field of a policy an order that is admitted, and a value of this field alone under which
 * it is refused, by the check that reads the field. A field that nothing reads has no such case.
 */
export interface FieldCase {
  given: Tweak;
  to: JsonValue;
  /** The check that refuses then. */
  by: string;
}

const when = (given: Tweak, to: JsonValue, by: string): FieldCase => ({ given, to, by });
const then = (to: JsonValue, by: string): FieldCase => when(nothing, to, by);
const edge =
  (over: Partial<Draft["s"]["edge"]>): Tweak =>
  ({ s }) => {
    Object.assign(s.edge, over);
  };

/** Limits in money that a case about something else must not meet. */
const roomy: Tweak = ({ p }) => {
  Object.assign(p.order, {
    max_notional: null,
    max_nlv_percent: null,
    max_buying_power_percent: null,
  });
  Object.assign(p.portfolio, {
    max_position_notional: null,
    max_position_nlv_percent: null,
    max_gross_percent: null,
  });
  Object.assign(p.cumulative, {
    max_turnover_per_day: null,
    max_buy_notional_per_day: null,
    max_open_notional: null,
  });
  p.clients.max_notional_per_day = null;
};
/** The owner saw the market that there is now. */
const asSeen: Tweak = ({ s }) => {
  s.ticket.market = structuredClone(s.edge.market_now);
};
const shortPut = both(shortOption, asSeen, roomy);
const shortCall = both(
  shortOption,
  option({
    side: "SELL",
    contract: {
      ...AAPL,
      asset_class: "OPT",
      multiplier: "100",
      expiry: "20261218",
      strike: "200",
      right: "C",
    },
  }),
  asSeen,
  roomy,
  ({ p }) => {
    p.options.uncovered_calls = true;
  },
);
const turned = both(sell("2"), holding("1"), ({ s, p }) => {
  Object.assign(p.portfolio, { short: true, flip: true });
  p.tiers.tier_two_on_flip = false;
  s.facts.effect = { kind: "flip", position: "1", working_same_side: "0", at: minutesAgo(0) };
});
const alike = (quantity: string, minutes: number, times: number): Tweak =>
  edge({
    fills: Array.from({ length: times }, () => ({
      conid: AAPL.conid,
      side: "BUY" as const,
      quantity,
      at: minutesAgo(minutes),
    })),
  });
const losses = (consecutive: number, minutes: number): Tweak =>
  edge({ losses: { consecutive, last_loss_at: minutesAgo(minutes), stop_outs: [] } });
const asked =
  (minutes: number, outcome: "placed" | "denied"): Tweak =>
  ({ s }) => {
    s.edge.asked = [{ economic_hash: s.edge.economic_hash, at: minutesAgo(minutes), outcome }];
  };
const history = (quantities: string[], notionals: string[]): Tweak =>
  edge({ history: { quantities, notionals } });
const five = (text: string) => Array.from({ length: 5 }, () => text);
const lost: Tweak = ({ s }) => {
  account(s).daily_pnl = "-50";
};

export const POLICY_FIELD_CASES: Record<string, FieldCase> = {
  account_id: then("DU7654321", "account-allowed"),
  mode: then("live", "account-mode"),
  enabled: then(false, "policy-enabled"),
  expires_at: then("2026-11-20T15:00:00.000Z", "policy-in-force"),
  "state.max_sidecar_skew_ms": when(edge({ sidecar_skew_ms: 100 }), 50, "clock-skew"),
  "state.max_broker_skew_ms": when(
    ({ s }) => {
      s.facts.broker_clock_skew_ms = 100;
    },
    50,
    "clock-skew",
  ),
  "state.max_audit_lag_seconds": when(
    edge({ audit: { writable: true, lag_seconds: 10 } }),
    5,
    "audit-available",
  ),
  "state.maintenance": then([{ from: "14:00", to: "16:00", zone: "UTC" }], "maintenance-window"),
  "state.quiet_hours": then([{ from: "14:00", to: "16:00", zone: "UTC" }], "quiet-hours"),
  "clients.allowed": then(["client-2"], "client-allowed"),
  "clients.quarantine_minutes": then(120, "client-quarantine"),
  "clients.max_orders_per_day": then(0, "agent-budget"),
  "clients.max_notional_per_day": then("187", "agent-budget"),
  "clients.max_approvals_per_hour": when(
    ({ s }) => {
      s.phase = "preview";
      client(s).approvals_last_hour = 5;
    },
    5,
    "approval-rate",
  ),
  "form.order_types": then(["STP"], "order-type-allowed"),
  "form.market_orders": when(
    both(marketOrders, ({ p }) => {
      p.form.order_types = null;
    }),
    false,
    "market-order",
  ),
  "form.times_in_force": then(["GTC"], "tif-allowed"),
  "form.outside_rth": when(
    both(leg({ outside_rth: true }), ({ p }) => {
      p.form.outside_rth = true;
    }),
    false,
    "outside-rth",
  ),
  "form.when_closed": when(onSaturday, false, "tradable-now"),
  "form.gtc_max_days": when(
    edge({ own_gtc: [{ order_ref: "ieg1-1", placed_at: minutesAgo(10 * 24 * 60) }] }),
    5,
    "gtc-age",
  ),
  "form.fractional": when(
    both(leg({ quantity: "0.5" }), ({ s, p }) => {
      p.form.fractional = true;
      if (s.facts.rules !== null) s.facts.rules.size_step = "0.1";
    }),
    false,
    "fractional",
  ),
  "form.min_quantity": then("2", "quantity-step"),
  "instruments.conids_allowed": then([], "instrument-allowed"),
  "instruments.conids_denied": then([AAPL.conid], "instrument-denied"),
  "instruments.issuers_denied": then(["Apple Inc"], "issuer-allowed"),
  "instruments.asset_classes": then(["OPT"], "asset-class-allowed"),
  "instruments.exchanges": then(["NYSE"], "exchange-allowed"),
  "instruments.currencies": then(["EUR"], "currency-allowed"),
  "instruments.sectors_denied": then(["technology"], "sector-allowed"),
  "instruments.restricted": then(
    [{ conid: AAPL.conid, from: null, until: null, blocks: "entries", reason: "" }],
    "restricted-list",
  ),
  "options.short": when(shortPut, false, "option-rules"),
  "options.uncovered_calls": when(shortCall, false, "option-rules"),
  "options.min_days_to_expiry": when(option(), 31, "option-rules"),
  "options.max_days_to_expiry": when(option(), 29, "option-rules"),
  "options.max_contracts": when(option(), "0.5", "option-rules"),
  "options.max_premium": when(option(), "249", "option-rules"),
  "options.max_assignment_notional": when(shortPut, "17999", "option-rules"),
  "options.short_across_events": when(
    both(shortPut, ({ s, p }) => {
      instrument(s).event_before_expiry = true;
      p.options.short_across_events = true;
    }),
    false,
    "option-rules",
  ),
  "data.max_quote_age_seconds": when(
    ({ s }) => {
      market(s).at = minutesAgo(0, 10_000);
    },
    5,
    "quote-fresh",
  ),
  "data.delayed": when(
    ({ s }) => {
      market(s).availability = "delayed";
    },
    false,
    "quote-live",
  ),
  "data.two_sided": when(
    ({ s }) => {
      market(s).bid = null;
    },
    true,
    "quote-two-sided",
  ),
  "data.max_spread_bps": then("1", "spread"),
  "data.collar_aggressive_bps": when(leg({ limit_price: "189" }), "50", "price-collar"),
  "data.collar_passive_bps": when(leg({ limit_price: "180" }), "50", "price-collar"),
  "data.collar_closed_bps": when(
    both(onSaturday, ({ s }) => {
      const [only] = s.ticket.order.legs;
      if (only?.limit_price != null) {
        only.limit_price = String(Math.round(Number(only.limit_price) * 1.05));
      }
    }),
    "400",
    "price-collar",
  ),
  "data.market_slippage_bps": when(
    both(marketOrders, ({ p }) => {
      p.form.order_types = null;
    }),
    "1",
    "market-slippage",
  ),
  "data.fat_finger_quantity_times": when(
    both(leg({ quantity: "5" }), history(five("1"), [])),
    "4",
    "fat-finger-quantity",
  ),
  "data.fat_finger_notional_times": when(
    both(leg({ quantity: "5" }), history([], five("187.25"))),
    "4",
    "fat-finger-notional",
  ),
  "data.fat_finger_least_orders": when(history([], ["1", "1", "1"]), 3, "fat-finger-notional"),
  "data.max_fx_age_seconds": when(
    both(leg({ contract: { ...AAPL, currency: "EUR" } }), ({ s }) => {
      s.facts.fx_to_base = { rate: "1.1", at: minutesAgo(1) };
    }),
    50,
    "order-notional",
  ),
  "order.max_notional": then("187", "order-notional"),
  "order.max_quantity": then("0.5", "order-quantity"),
  "order.max_nlv_percent": then("0.1", "nlv-percent"),
  "order.max_buying_power_percent": then("0.05", "buying-power"),
  "order.what_if": when(
    ({ s, p }) => {
      s.ticket.what_if = null;
      p.order.what_if = false;
    },
    true,
    "what-if-accepted",
  ),
  "order.min_excess_liquidity": then("2000000", "excess-liquidity"),
  "order.max_leverage": then("0.1", "leverage"),
  "order.cash_only": when(
    ({ s }) => {
      account(s).cash = "100";
    },
    true,
    "cash-only",
  ),
  "order.max_commission_percent": when(
    ({ s }) => {
      whatIf(s).commission = "1";
    },
    "0.1",
    "commission",
  ),
  "cumulative.max_orders_per_second": then(0, "order-rate"),
  "cumulative.max_orders_per_minute": then(0, "order-rate"),
  "cumulative.max_orders_per_hour": then(0, "order-rate"),
  "cumulative.max_orders_per_day": then(0, "orders-per-day"),
  "cumulative.max_messages_per_minute": then(0, "message-rate"),
  "cumulative.max_cancels_per_fill": when(
    ({ s }) => {
      Object.assign(usage(s), { cancels_today: 10, fills_today: 2 });
    },
    "4",
    "cancel-fill-ratio",
  ),
  "cumulative.max_buy_notional_per_day": then("187", "buy-notional-per-day"),
  "cumulative.max_turnover_per_day": then("187", "turnover-per-day"),
  "cumulative.max_round_trips": when(
    ({ s }) => {
      usage(s).round_trips = 1;
    },
    1,
    "round-trips",
  ),
  "cumulative.max_open_orders": then(0, "open-orders"),
  "cumulative.max_open_notional": then("187", "open-notional"),
  "cumulative.repeat_times": when(alike("1", 1, 2), 2, "repeated-execution"),
  "cumulative.repeat_minutes": when(alike("1", 15, 3), 20, "repeated-execution"),
  "cumulative.repeat_tolerance_percent": when(
    both(leg({ quantity: "10" }), alike("8", 1, 3)),
    "25",
    "repeated-execution",
  ),
  "portfolio.max_position_quantity": then("0.5", "position-quantity"),
  "portfolio.max_position_notional": then("187", "position-notional"),
  "portfolio.max_position_nlv_percent": then("0.1", "position-nlv"),
  "portfolio.max_issuer_percent": then("0.1", "concentration"),
  "portfolio.max_sector_percent": then("0.1", "concentration"),
  "portfolio.max_country_percent": then("0.1", "concentration"),
  "portfolio.max_currency_percent": then("0.1", "concentration"),
  "portfolio.max_gross_percent": then("0.1", "exposure"),
  "portfolio.max_net_percent": then("0.1", "exposure"),
  "portfolio.max_abs_delta": when(option(), "49", "greeks"),
  "portfolio.max_abs_gamma": when(option(), "1", "greeks"),
  "portfolio.max_abs_vega": when(option(), "9", "greeks"),
  "portfolio.short": when(
    both(sell("1"), ({ p }) => {
      p.portfolio.short = true;
    }),
    false,
    "short-allowed",
  ),
  "portfolio.flip": when(turned, false, "would-flip"),
  "portfolio.self_trade": when(
    ({ s, p }) => {
      s.facts.working = [working({ side: "SELL", limit_price: "187.25" })];
      p.portfolio.self_trade = true;
    },
    false,
    "self-trade",
  ),
  "portfolio.widen_stop": when(
    both(change({ stop_price: "179" }, stop), holding("10"), ({ p }) => {
      p.portfolio.widen_stop = true;
    }),
    false,
    "protective-stop",
  ),
  "portfolio.remove_stop": when(
    both(cancel(stop), holding("10"), edge({ approval: null })),
    false,
    "protective-stop",
  ),
  "behaviour.daily_loss_soft": when(lost, "49", "daily-loss"),
  "behaviour.daily_loss_hard": when(
    both(lost, ({ p }) => {
      p.behaviour.daily_loss_soft = null;
    }),
    "49",
    "daily-loss",
  ),
  "behaviour.max_drawdown_percent": when(
    ({ s }) => {
      account(s).net_liquidation = "95000";
    },
    "4",
    "drawdown",
  ),
  "behaviour.cooldown_after_losses": when(
    both(losses(3, 1), ({ p }) => {
      Object.assign(p.behaviour, { cooldown_after_losses: 4, cooldown_minutes: 30 });
    }),
    3,
    "loss-cooldown",
  ),
  "behaviour.cooldown_minutes": when(
    both(losses(3, 5), ({ p }) => {
      Object.assign(p.behaviour, { cooldown_after_losses: 3, cooldown_minutes: 1 });
    }),
    30,
    "loss-cooldown",
  ),
  "behaviour.reentry_lock_minutes": when(
    edge({
      losses: {
        consecutive: 0,
        last_loss_at: null,
        stop_outs: [{ conid: AAPL.conid, at: minutesAgo(5) }],
      },
    }),
    30,
    "reentry-lock",
  ),
  "behaviour.duplicate_window_seconds": when(asked(1.5, "placed"), 120, "duplicate-order"),
  "behaviour.denial_holds_minutes": when(asked(11, "denied"), 20, "denial-holds"),
  "behaviour.max_drift_bps": when(
    ({ s }) => {
      Object.assign(market(s), { bid: "187.9", ask: "188" });
    },
    "10",
    "price-drift",
  ),
  "tiers.tier_zero": when(
    ({ s, p }) => {
      p.tiers.tier_zero = "mandate";
      s.edge.mandate_covers = true;
      approval(s).tier = 0;
    },
    "never",
    "approval-tier",
  ),
  "tiers.tier_two_above_notional": then("187", "approval-tier"),
  "tiers.tier_two_above_nlv_percent": then("0.1", "approval-tier"),
  "tiers.tier_two_order_types": then(["LMT"], "approval-tier"),
  "tiers.tier_two_on_flip": when(turned, true, "approval-tier"),
  "tiers.tier_two_on_warning": when(
    ({ s }) => {
      s.ticket.warnings = [{ message_id: "o354", fingerprint: "a".repeat(64), text: "No data." }];
    },
    true,
    "approval-tier",
  ),
};

/** Fields that no check over one order reads, with the test that shows what reads them. */
export const READ_ELSEWHERE: Record<string, { file: string; shows: string }> = {
  v: { file: "packages/policy/every-field.test.ts", shows: "another version is no policy" },
  "behaviour.stop_after_errors": {
    file: "durable-objects/account/orders/transactions/circuit-breakers.test.ts",
    shows: "stop_after_errors",
  },
};
