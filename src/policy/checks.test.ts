import { describe, expect, it } from "vitest";
import { AAPL, aBracket, aLeg, anOrder } from "../../test/support/orders.ts";
import { aDraftOf, type Draft, type Tweak, verdictOf } from "../../test/support/policy.ts";
import type { CanonicalOrder, Leg } from "../protocol/orders/canonical-order.ts";
import { ORDER_REFUSAL_CODES } from "../protocol/orders/refusal.ts";
import type { PositionFact, WorkingOrderFact } from "../protocol/orders/ticket.ts";
import { CHECKS } from "./registry.ts";

/**
 * One row per check: a case that it judges and lets pass (at the limit, where it has one), a case
 * just beyond, and a case in which what it needs is not known. A check without a row fails the run.
 */
interface Row {
  passes: Tweak;
  fails: Tweak;
  /** `none`: nothing it needs can be missing. */
  unknown: Tweak | "none";
}

const as =
  (order: CanonicalOrder): Tweak =>
  ({ s }) => {
    s.ticket.order = order;
  };
const leg = (over: Partial<Leg>): Tweak => as(anOrder({ legs: [aLeg(over)] }));
const both =
  (...tweaks: Tweak[]): Tweak =>
  (draft) => {
    for (const tweak of tweaks) tweak(draft);
  };
const nothing: Tweak = () => {};
const market = (s: Draft["s"]) => {
  if (s.edge.market_now === null) throw new Error("the fixture has a market");
  return s.edge.market_now;
};
const client = (s: Draft["s"]) => {
  if (s.edge.client === null) throw new Error("the fixture has a client");
  return s.edge.client;
};
const usage = (s: Draft["s"]) => {
  if (s.edge.usage === null) throw new Error("the fixture has usage");
  return s.edge.usage;
};
const account = (s: Draft["s"]) => {
  if (s.facts.account === null) throw new Error("the fixture has an account");
  return s.facts.account;
};
const instrument = (s: Draft["s"]) => {
  if (s.facts.instrument === null) throw new Error("the fixture has an instrument");
  return s.facts.instrument;
};
const whatIf = (s: Draft["s"]) => {
  if (s.ticket.what_if === null) throw new Error("the fixture has a what-if");
  return s.ticket.what_if;
};
const approval = (s: Draft["s"]) => {
  if (s.edge.approval === null) throw new Error("the fixture has an approval");
  return s.edge.approval;
};
const session = (s: Draft["s"]) => {
  if (s.edge.session === null) throw new Error("the fixture has a session");
  return s.edge.session;
};

const position = (over: Partial<PositionFact> = {}): PositionFact => ({
  conid: AAPL.conid,
  quantity: "10",
  value: "1872.5",
  asset_class: "STK",
  issuer: "APPLE INC",
  sector: "Technology",
  country: "US",
  currency: "USD",
  ...over,
});
const working = (over: Partial<WorkingOrderFact> = {}): WorkingOrderFact => ({
  order_id: "77",
  order_ref: "ieg1-0",
  parent_ref: null,
  foreign: false,
  conid: AAPL.conid,
  side: "BUY",
  order_type: "LMT",
  remaining: "1",
  limit_price: "100",
  stop_price: null,
  notional: "100",
  exit_only: false,
  oca_group: null,
  ...over,
});

const stop = aLeg({
  side: "SELL",
  order_type: "STP",
  limit_price: null,
  stop_price: "180",
  quantity: "10",
});
const target = {
  order_id: "77",
  order_ref: "ieg1-0",
  foreign: false,
  before: aLeg(),
  filled_quantity: "0",
};
const change =
  (over: Partial<Leg>, before: Leg = aLeg()): Tweak =>
  (draft) => {
    as(
      anOrder({ action: "modify", legs: [{ ...before, ...over }], target: { ...target, before } }),
    )(draft);
    draft.s.facts.working = [working({ side: before.side })];
  };
const cancel = (before: Leg = aLeg(), foreign = false): Tweak =>
  as(anOrder({ action: "cancel", legs: [before], target: { ...target, before, foreign } }));

const MKT: Partial<Leg> = { order_type: "MKT", limit_price: null };
const marketOrders: Tweak = (draft) => {
  leg(MKT)(draft);
  draft.p.form.market_orders = true;
};
const OPTION: Partial<Leg> = {
  contract: {
    ...AAPL,
    asset_class: "OPT",
    multiplier: "100",
    expiry: "20261218",
    strike: "180",
    right: "P",
  },
  limit_price: "2.5",
};
const option =
  (over: Partial<Leg> = {}): Tweak =>
  (draft) => {
    leg({ ...OPTION, ...over })(draft);
    draft.p.instruments.asset_classes = ["STK", "OPT"];
    Object.assign(market(draft.s), { bid: "2.48", ask: "2.52", last: "2.5" });
  };
const shortOption: Tweak = both(option({ side: "SELL" }), ({ p }) => {
  p.options.short = true;
  p.options.max_assignment_notional = "18000";
  p.portfolio.short = true;
});
const sell = (quantity: string): Tweak => leg({ side: "SELL", quantity, limit_price: "187.2" });
const holding =
  (quantity: string): Tweak =>
  ({ s }) => {
    s.facts.positions = [position({ quantity })];
  };
const live: Tweak = ({ s, p }) => {
  s.ticket.order = anOrder({ mode: "live" });
  p.mode = "live";
  s.edge.proved_mode = "live";
};
const minutesAgo = (minutes: number, more = 0) =>
  new Date(Date.parse("2026-11-20T15:00:00.000Z") - minutes * 60_000 - more).toISOString();

const ROWS: Record<string, Row> = {
  "kill-switch": {
    passes: nothing,
    fails: ({ s }) => {
      s.edge.kill = [{ scope: "broker_account", since: minutesAgo(1) }];
    },
    unknown: ({ s }) => {
      s.edge.kill = null;
    },
  },
  "trading-state": {
    passes: nothing,
    fails: ({ s }) => {
      s.edge.trading_state = "reducing";
    },
    unknown: ({ s }) => {
      s.edge.trading_state = null;
    },
  },
  "sidecar-online": {
    passes: nothing,
    fails: ({ s }) => {
      s.edge.sidecar_online = false;
    },
    unknown: ({ s }) => {
      s.edge.sidecar_online = null;
    },
  },
  "session-ready": {
    passes: nothing,
    fails: ({ s }) => {
      session(s).state = "degraded";
    },
    unknown: ({ s }) => {
      s.edge.session = null;
    },
  },
  "no-takeover": {
    passes: nothing,
    fails: ({ s }) => {
      session(s).state = "takeover_required";
    },
    unknown: ({ s }) => {
      s.edge.session = null;
    },
  },
  reconciling: {
    passes: ({ s }) => {
      s.edge.intents_in_doubt = [
        { conid: AAPL.conid, side: "SELL" },
        { conid: 1, side: "BUY" },
      ];
    },
    fails: ({ s }) => {
      s.edge.intents_in_doubt = [{ conid: AAPL.conid, side: "BUY" }];
    },
    unknown: ({ s }) => {
      s.edge.intents_in_doubt = null;
    },
  },
  "audit-available": {
    passes: ({ s }) => {
      s.edge.audit = { writable: true, lag_seconds: 3_600 };
    },
    fails: ({ s }) => {
      s.edge.audit = { writable: true, lag_seconds: 3_601 };
    },
    unknown: ({ s }) => {
      s.edge.audit = null;
    },
  },
  "clock-skew": {
    passes: ({ s }) => {
      s.edge.sidecar_skew_ms = -2_000;
    },
    fails: ({ s }) => {
      s.edge.sidecar_skew_ms = -2_001;
    },
    unknown: ({ s }) => {
      s.edge.sidecar_skew_ms = null;
    },
  },
  "policy-enabled": {
    passes: nothing,
    fails: ({ p }) => {
      p.enabled = false;
    },
    unknown: "none",
  },
  "policy-in-force": {
    passes: ({ p }) => {
      p.expires_at = "2026-11-20T15:00:00.001Z";
    },
    fails: ({ p }) => {
      p.expires_at = "2026-11-20T15:00:00.000Z";
    },
    unknown: "none",
  },
  "maintenance-window": {
    passes: ({ p }) => {
      p.state.maintenance = [{ from: "10:01", to: "09:59", zone: "America/New_York" }];
      p.state.maintenance = [{ from: "10:01", to: "11:00", zone: "America/New_York" }];
    },
    fails: ({ p }) => {
      p.state.maintenance = [{ from: "23:45", to: "10:01", zone: "America/New_York" }];
    },
    unknown: "none",
  },
  "scope-granted": {
    passes: nothing,
    fails: ({ s }) => {
      client(s).scopes = ["ibkr:orders:preview", "ibkr:orders:paper:cancel"];
    },
    unknown: ({ s }) => {
      s.edge.client = null;
    },
  },
  "client-allowed": {
    passes: ({ s, p }) => {
      p.clients.allowed = ["client-1"];
      client(s).accounts = ["DU1234567"];
    },
    fails: ({ s }) => {
      client(s).accounts = ["DU7654321"];
    },
    unknown: ({ s }) => {
      s.edge.client = null;
    },
  },
  "account-allowed": {
    passes: nothing,
    fails: ({ p }) => {
      p.account_id = "DU7654321";
    },
    unknown: "none",
  },
  "account-mode": {
    passes: nothing,
    fails: ({ s }) => {
      s.edge.proved_mode = "unknown";
    },
    unknown: "none",
  },
  "feature-enabled": {
    passes: nothing,
    fails: ({ s }) => {
      s.edge.features = { at_edge: true, at_pc: false, checklist_complete: true };
    },
    unknown: ({ s }) => {
      s.edge.features = null;
    },
  },
  "checklist-complete": {
    passes: both(live, ({ s }) => {
      s.edge.features = { at_edge: true, at_pc: true, checklist_complete: true };
    }),
    fails: live,
    unknown: both(live, ({ s }) => {
      s.edge.features = null;
    }),
  },
  "agent-budget": {
    passes: ({ s }) => {
      client(s).orders_today = 19;
      client(s).notional_today = "9812.75";
    },
    fails: ({ s }) => {
      client(s).notional_today = "9812.76";
    },
    unknown: ({ s }) => {
      s.edge.client = null;
    },
  },
  "client-quarantine": {
    passes: ({ p }) => {
      p.clients.quarantine_minutes = 60;
    },
    fails: ({ p, s }) => {
      p.clients.quarantine_minutes = 60;
      client(s).admitted_at = "2026-11-20T14:00:00.001Z";
    },
    unknown: ({ s }) => {
      s.edge.client = null;
    },
  },
  "foreign-order": {
    passes: cancel(aLeg(), true),
    fails: both(cancel(aLeg(), true), ({ s }) => {
      s.edge.approval = null;
    }),
    unknown: "none",
  },
  "order-modifiable": {
    passes: change({ limit_price: "187.24" }),
    fails: both(change({ limit_price: "187.24" }), ({ s }) => {
      s.facts.working = [];
    }),
    unknown: both(change({ limit_price: "187.24" }), ({ s }) => {
      s.facts.working = null;
    }),
  },
  "order-type-allowed": {
    passes: nothing,
    fails: ({ p }) => {
      p.form.order_types = ["STP"];
    },
    unknown: "none",
  },
  "market-order": {
    passes: marketOrders,
    fails: both(marketOrders, ({ s }) => {
      instrument(s).regular_hours = false;
    }),
    unknown: both(marketOrders, ({ s }) => {
      instrument(s).regular_hours = null;
    }),
  },
  "tif-allowed": {
    passes: leg({ time_in_force: "GTC" }),
    fails: leg({ time_in_force: "IOC" }),
    unknown: "none",
  },
  "gtc-age": {
    passes: ({ s }) => {
      s.edge.own_gtc = [{ order_ref: "ieg1-1", placed_at: minutesAgo(30 * 24 * 60) }];
    },
    fails: ({ s }) => {
      s.edge.own_gtc = [{ order_ref: "ieg1-1", placed_at: minutesAgo(30 * 24 * 60, 1_000) }];
    },
    unknown: ({ s }) => {
      s.edge.own_gtc = null;
    },
  },
  "outside-rth": {
    passes: both(leg({ outside_rth: true }), ({ p }) => {
      p.form.outside_rth = true;
    }),
    fails: leg({ outside_rth: true }),
    unknown: "none",
  },
  "price-tick": {
    passes: leg({ limit_price: "187.24" }),
    fails: leg({ limit_price: "187.245" }),
    unknown: ({ s }) => {
      s.facts.rules = null;
    },
  },
  fractional: {
    passes: both(leg({ quantity: "0.5" }), ({ p }) => {
      p.form.fractional = true;
    }),
    fails: leg({ quantity: "0.5" }),
    unknown: both(leg({ quantity: "0.5" }), ({ p, s }) => {
      p.form.fractional = true;
      s.facts.rules = null;
    }),
  },
  "quantity-step": {
    passes: ({ p }) => {
      p.form.min_quantity = "1";
    },
    fails: ({ p }) => {
      p.form.min_quantity = "1.000001";
    },
    unknown: ({ s }) => {
      s.facts.rules = null;
    },
  },
  "stop-side": {
    passes: leg({ order_type: "STP", limit_price: null, stop_price: "187.26" }),
    fails: leg({ order_type: "STP", limit_price: null, stop_price: "187.25" }),
    unknown: both(leg({ order_type: "STP", limit_price: null, stop_price: "187.26" }), ({ s }) => {
      s.edge.market_now = null;
    }),
  },
  "bracket-coherent": {
    passes: as(aBracket()),
    fails: ({ s }) => {
      const bracket = aBracket();
      s.ticket.order = {
        ...bracket,
        legs: bracket.legs.map((each) =>
          each.role === "take_profit" ? { ...each, limit_price: "187.25" } : each,
        ),
      };
    },
    unknown: "none",
  },
  "group-coherent": {
    passes: as(
      anOrder({
        structure: "oca",
        legs: [aLeg({ role: "oca_member" }), aLeg({ role: "oca_member", limit_price: "186" })],
      }),
    ),
    fails: as(
      anOrder({
        structure: "oca",
        legs: [aLeg({ role: "oca_member" }), aLeg({ role: "oca_member" })],
      }),
    ),
    unknown: "none",
  },
  "venue-rules": {
    passes: nothing,
    fails: ({ s }) => {
      if (s.facts.rules !== null) s.facts.rules.tradable_accounts = ["DU7654321"];
    },
    unknown: ({ s }) => {
      s.facts.rules = null;
    },
  },
  "instrument-unambiguous": {
    passes: option(),
    fails: option({ contract: { ...AAPL, asset_class: "OPT", multiplier: "100" } }),
    unknown: "none",
  },
  "instrument-allowed": {
    passes: ({ p }) => {
      p.instruments.conids_allowed = [AAPL.conid];
    },
    fails: ({ p }) => {
      p.instruments.conids_allowed = [];
    },
    unknown: "none",
  },
  "instrument-denied": {
    passes: ({ p }) => {
      p.instruments.conids_denied = [1];
    },
    fails: ({ p }) => {
      p.instruments.conids_denied = [AAPL.conid];
    },
    unknown: "none",
  },
  "issuer-allowed": {
    passes: ({ p }) => {
      p.instruments.issuers_denied = ["Enron"];
    },
    fails: ({ p }) => {
      p.instruments.issuers_denied = ["Apple Inc"];
    },
    unknown: ({ s, p }) => {
      p.instruments.issuers_denied = ["Enron"];
      instrument(s).issuer = null;
    },
  },
  "asset-class-allowed": {
    passes: nothing,
    fails: ({ p }) => {
      p.instruments.asset_classes = ["OPT"];
    },
    unknown: "none",
  },
  "exchange-allowed": {
    passes: ({ p }) => {
      p.instruments.exchanges = ["NASDAQ"];
    },
    fails: ({ p }) => {
      p.instruments.exchanges = ["SMART", "NYSE"];
    },
    unknown: both(leg({ contract: { ...AAPL, listing_exchange: null } }), ({ p }) => {
      p.instruments.exchanges = ["NASDAQ"];
    }),
  },
  "currency-allowed": {
    passes: ({ p }) => {
      p.instruments.currencies = ["USD"];
    },
    fails: ({ p }) => {
      p.instruments.currencies = ["EUR"];
    },
    unknown: "none",
  },
  "sector-allowed": {
    passes: ({ p }) => {
      p.instruments.sectors_denied = ["Tobacco"];
    },
    fails: ({ p }) => {
      p.instruments.sectors_denied = ["technology"];
    },
    unknown: ({ s, p }) => {
      p.instruments.sectors_denied = ["Tobacco"];
      instrument(s).sector = null;
    },
  },
  "restricted-list": {
    passes: ({ p }) => {
      p.instruments.restricted = [
        {
          conid: AAPL.conid,
          from: null,
          until: "2026-11-20T15:00:00.000Z",
          blocks: "all",
          reason: "",
        },
      ];
    },
    fails: ({ p }) => {
      p.instruments.restricted = [
        {
          conid: AAPL.conid,
          from: "2026-11-20T15:00:00.000Z",
          until: null,
          blocks: "all",
          reason: "",
        },
      ];
    },
    unknown: "none",
  },
  "not-halted": {
    passes: nothing,
    fails: ({ s }) => {
      market(s).halted = true;
    },
    unknown: ({ s }) => {
      market(s).halted = null;
    },
  },
  "tradable-now": {
    passes: ({ p }) => {
      p.form.when_closed = false;
    },
    fails: ({ s, p }) => {
      p.form.when_closed = false;
      instrument(s).tradable_now = false;
    },
    unknown: ({ s, p }) => {
      p.form.when_closed = false;
      instrument(s).tradable_now = null;
    },
  },
  "option-rules": {
    passes: shortOption,
    fails: both(option(), ({ s }) => {
      instrument(s).days_to_expiry = 0;
    }),
    unknown: both(option(), ({ s }) => {
      instrument(s).days_to_expiry = null;
    }),
  },
  "market-present": {
    passes: nothing,
    fails: ({ s }) => {
      s.edge.market_now = null;
    },
    unknown: "none",
  },
  "quote-fresh": {
    passes: ({ s }) => {
      market(s).at = minutesAgo(0.5);
    },
    fails: ({ s }) => {
      market(s).at = minutesAgo(0.5, 1);
    },
    unknown: ({ s }) => {
      s.edge.market_now = null;
    },
  },
  "quote-live": {
    passes: ({ s }) => {
      market(s).availability = "delayed";
    },
    fails: ({ s, p }) => {
      p.data.delayed = false;
      market(s).availability = "delayed";
    },
    unknown: ({ s }) => {
      market(s).availability = "unknown";
    },
  },
  "quote-uncrossed": {
    passes: ({ s }) => {
      market(s).bid = "187.3";
    },
    fails: ({ s }) => {
      market(s).bid = "187.31";
    },
    unknown: "none",
  },
  "quote-two-sided": {
    passes: ({ p }) => {
      p.data.two_sided = true;
    },
    fails: ({ s, p }) => {
      p.data.two_sided = true;
      market(s).bid = null;
    },
    unknown: ({ s, p }) => {
      p.data.two_sided = true;
      s.edge.market_now = null;
    },
  },
  spread: {
    passes: ({ s }) => {
      Object.assign(market(s), { bid: "195", ask: "205" });
    },
    fails: ({ s }) => {
      Object.assign(market(s), { bid: "194.99", ask: "205" });
    },
    unknown: ({ s, p }) => {
      p.data.two_sided = true;
      market(s).bid = null;
    },
  },
  "price-collar": {
    passes: both(leg({ limit_price: "206" }), ({ s }) => {
      Object.assign(market(s), { bid: "199", ask: "201" });
    }),
    fails: both(leg({ limit_price: "206.01" }), ({ s }) => {
      Object.assign(market(s), { bid: "199", ask: "201" });
    }),
    unknown: ({ s }) => {
      Object.assign(market(s), { bid: null, ask: null, last: null, prior_close: null });
    },
  },
  "fat-finger-quantity": {
    passes: both(leg({ quantity: "25" }), ({ s }) => {
      s.edge.history = { quantities: ["1", "2", "3", "4", "2.5"], notionals: [] };
    }),
    fails: both(leg({ quantity: "26" }), ({ s }) => {
      s.edge.history = { quantities: ["1", "2", "3", "4", "2.5"], notionals: [] };
    }),
    unknown: ({ s }) => {
      s.edge.history = null;
    },
  },
  "fat-finger-notional": {
    passes: ({ s }) => {
      s.edge.history = { quantities: [], notionals: ["1", "18.725", "18.725", "18.725", "900"] };
    },
    fails: ({ s }) => {
      s.edge.history = { quantities: [], notionals: ["1", "18.72", "18.72", "18.72", "900"] };
    },
    unknown: ({ s }) => {
      s.edge.history = null;
    },
  },
  "market-slippage": {
    passes: both(marketOrders, ({ s }) => {
      Object.assign(market(s), { bid: "198", ask: "202" });
    }),
    fails: both(marketOrders, ({ s }) => {
      Object.assign(market(s), { bid: "197.9", ask: "202.1" });
    }),
    unknown: both(marketOrders, ({ s }) => {
      market(s).ask = null;
    }),
  },
  "order-notional": {
    passes: ({ p }) => {
      p.order.max_notional = "187.25";
    },
    fails: ({ p }) => {
      p.order.max_notional = "187.24";
    },
    unknown: both(leg({ contract: { ...AAPL, currency: "EUR" } }), ({ s }) => {
      s.facts.fx_to_base = null;
    }),
  },
  "order-quantity": {
    passes: leg({ quantity: "100" }),
    fails: leg({ quantity: "100.5" }),
    unknown: leg({ quantity: null }),
  },
  "nlv-percent": {
    passes: ({ s }) => {
      account(s).net_liquidation = "1872.5";
    },
    fails: ({ s }) => {
      account(s).net_liquidation = "1872.4";
    },
    unknown: ({ s }) => {
      account(s).net_liquidation = null;
    },
  },
  "buying-power": {
    passes: ({ s }) => {
      account(s).buying_power = "749";
    },
    fails: ({ s }) => {
      account(s).buying_power = "748.9";
    },
    unknown: ({ s }) => {
      account(s).buying_power = "0";
    },
  },
  "what-if-accepted": {
    passes: nothing,
    fails: ({ s }) => {
      whatIf(s).error = "insufficient funds";
    },
    unknown: ({ s }) => {
      s.ticket.what_if = null;
    },
  },
  "excess-liquidity": {
    passes: ({ p }) => {
      p.order.min_excess_liquidity = "997611";
    },
    fails: ({ p }) => {
      p.order.min_excess_liquidity = "997612";
    },
    unknown: ({ s, p }) => {
      p.order.min_excess_liquidity = "1";
      whatIf(s).maintenance_margin.after = null;
    },
  },
  leverage: {
    passes: ({ p, s }) => {
      p.order.max_leverage = "1";
      account(s).gross_position_value = "99812.75";
    },
    fails: ({ p, s }) => {
      p.order.max_leverage = "1";
      account(s).gross_position_value = "99812.76";
    },
    unknown: ({ p, s }) => {
      p.order.max_leverage = "1";
      account(s).gross_position_value = null;
    },
  },
  "cash-only": {
    passes: ({ p, s }) => {
      p.order.cash_only = true;
      account(s).cash = "187.25";
    },
    fails: ({ p, s }) => {
      p.order.cash_only = true;
      account(s).cash = "187.24";
    },
    unknown: ({ p, s }) => {
      p.order.cash_only = true;
      account(s).cash = null;
    },
  },
  commission: {
    passes: ({ s }) => {
      whatIf(s).commission = "9.3625";
    },
    fails: ({ s }) => {
      whatIf(s).commission = "9.3626";
    },
    unknown: ({ s }) => {
      whatIf(s).commission_currency = "EUR";
    },
  },
  "order-rate": {
    passes: ({ s }) => {
      usage(s).orders_last_minute = 4;
      usage(s).orders_last_hour = 19;
    },
    fails: ({ s }) => {
      usage(s).orders_last_second = 1;
    },
    unknown: ({ s }) => {
      s.edge.usage = null;
    },
  },
  "orders-per-day": {
    passes: ({ s }) => {
      usage(s).orders_today = 29;
    },
    fails: ({ s }) => {
      usage(s).orders_today = 30;
    },
    unknown: ({ s }) => {
      s.edge.usage = null;
    },
  },
  "message-rate": {
    passes: ({ s }) => {
      usage(s).messages_last_minute = 19;
    },
    fails: ({ s }) => {
      usage(s).messages_last_minute = 20;
    },
    unknown: ({ s }) => {
      s.edge.usage = null;
    },
  },
  "cancel-fill-ratio": {
    passes: ({ s, p }) => {
      p.cumulative.max_cancels_per_fill = "5";
      Object.assign(usage(s), { cancels_today: 10, fills_today: 2 });
    },
    fails: ({ s, p }) => {
      p.cumulative.max_cancels_per_fill = "5";
      Object.assign(usage(s), { cancels_today: 11, fills_today: 2 });
    },
    unknown: ({ s }) => {
      s.edge.usage = null;
    },
  },
  "buy-notional-per-day": {
    passes: ({ s }) => {
      usage(s).buy_notional_today = "9812.75";
    },
    fails: ({ s }) => {
      usage(s).buy_notional_today = "9812.76";
    },
    unknown: ({ s }) => {
      s.edge.usage = null;
    },
  },
  "turnover-per-day": {
    passes: ({ s }) => {
      usage(s).turnover_today = "19812.75";
    },
    fails: ({ s }) => {
      usage(s).turnover_today = "19812.76";
    },
    unknown: ({ s }) => {
      s.edge.usage = null;
    },
  },
  "round-trips": {
    passes: ({ s, p }) => {
      p.cumulative.max_round_trips = 3;
      usage(s).round_trips = 2;
    },
    fails: ({ s, p }) => {
      p.cumulative.max_round_trips = 3;
      usage(s).round_trips = 3;
    },
    unknown: ({ s }) => {
      s.edge.usage = null;
    },
  },
  "open-orders": {
    passes: ({ s }) => {
      s.facts.working = Array.from({ length: 5 }, () => working());
      usage(s).inflight_orders = 4;
    },
    fails: ({ s }) => {
      s.facts.working = Array.from({ length: 5 }, () => working());
      usage(s).inflight_orders = 5;
    },
    unknown: ({ s }) => {
      s.facts.working = null;
    },
  },
  "open-notional": {
    passes: ({ s }) => {
      s.facts.working = [
        working({ notional: "9000" }),
        working({ notional: "9999", exit_only: true }),
      ];
      usage(s).inflight_notional = "812.75";
    },
    fails: ({ s }) => {
      s.facts.working = [working({ notional: "9000" })];
      usage(s).inflight_notional = "812.76";
    },
    unknown: ({ s }) => {
      s.facts.working = [working({ notional: null })];
    },
  },
  "repeated-execution": {
    passes: both(leg({ quantity: "10" }), ({ s }) => {
      s.edge.fills = ["10", "11", "8.9"].map((quantity) => ({
        conid: AAPL.conid,
        side: "BUY",
        quantity,
        at: minutesAgo(1),
      }));
    }),
    fails: both(leg({ quantity: "10" }), ({ s }) => {
      s.edge.fills = ["10", "11", "9"].map((quantity) => ({
        conid: AAPL.conid,
        side: "BUY",
        quantity,
        at: minutesAgo(9),
      }));
    }),
    unknown: ({ s }) => {
      s.edge.fills = null;
    },
  },
  "position-quantity": {
    passes: both(holding("9"), ({ p }) => {
      p.portfolio.max_position_quantity = "10";
    }),
    fails: both(holding("9"), ({ p, s }) => {
      p.portfolio.max_position_quantity = "10";
      s.facts.working = [working()];
    }),
    unknown: ({ p, s }) => {
      p.portfolio.max_position_quantity = "10";
      s.facts.positions = null;
    },
  },
  "position-notional": {
    passes: ({ p }) => {
      p.portfolio.max_position_notional = "187.25";
    },
    fails: both(holding("52.5"), nothing),
    unknown: ({ s }) => {
      s.facts.working = null;
    },
  },
  "position-nlv": {
    passes: ({ s }) => {
      account(s).net_liquidation = "749";
    },
    fails: ({ s }) => {
      account(s).net_liquidation = "748.9";
    },
    unknown: ({ s }) => {
      account(s).net_liquidation = null;
    },
  },
  concentration: {
    passes: both(holding("10"), ({ p, s }) => {
      p.portfolio.max_sector_percent = "10";
      account(s).net_liquidation = "20597.5";
    }),
    fails: both(holding("10"), ({ p, s }) => {
      p.portfolio.max_sector_percent = "10";
      account(s).net_liquidation = "20597";
    }),
    unknown: ({ p, s }) => {
      p.portfolio.max_issuer_percent = "10";
      s.facts.positions = [position({ issuer: null, value: null })];
    },
  },
  exposure: {
    passes: ({ s }) => {
      s.facts.positions = [position({ value: "-149812.75" })];
    },
    fails: ({ s }) => {
      s.facts.positions = [position({ value: "-149812.76" })];
    },
    unknown: ({ s }) => {
      s.facts.positions = [position({ value: null })];
    },
  },
  greeks: {
    passes: both(option(), ({ p }) => {
      p.portfolio.max_abs_delta = "50";
    }),
    fails: both(option(), ({ p }) => {
      p.portfolio.max_abs_delta = "49.9";
    }),
    unknown: both(option(), ({ p, s }) => {
      p.portfolio.max_abs_vega = "1";
      instrument(s).greeks = null;
    }),
  },
  "short-allowed": {
    passes: both(sell("10"), holding("10")),
    fails: both(sell("10"), holding("9")),
    unknown: both(sell("10"), ({ s }) => {
      s.facts.positions = null;
    }),
  },
  "would-flip": {
    passes: both(sell("10"), holding("10")),
    fails: both(sell("11"), holding("10")),
    unknown: ({ s }) => {
      s.facts.positions = null;
    },
  },
  "self-trade": {
    passes: ({ s }) => {
      s.facts.working = [working({ side: "SELL", limit_price: "187.26" })];
    },
    fails: ({ s }) => {
      s.facts.working = [working({ side: "SELL", limit_price: "187.25" })];
    },
    unknown: ({ s }) => {
      s.facts.working = null;
    },
  },
  "reduce-only": {
    passes: ({ s }) => {
      s.ticket.order.reduce_only = true;
      s.facts.effect = { kind: "exit", position: "1", working_same_side: "0", at: minutesAgo(0) };
    },
    fails: ({ s }) => {
      s.ticket.order.reduce_only = true;
    },
    unknown: ({ s }) => {
      s.ticket.order.reduce_only = true;
      s.facts.effect = null;
    },
  },
  "protective-stop": {
    passes: both(change({ stop_price: "181" }, stop), holding("10")),
    fails: both(change({ stop_price: "179.99" }, stop), holding("10")),
    unknown: both(change({ stop_price: "179.99" }, stop), ({ s }) => {
      s.facts.positions = null;
    }),
  },
  "daily-loss": {
    passes: ({ s }) => {
      account(s).daily_pnl = "-1000";
    },
    fails: ({ s }) => {
      account(s).daily_pnl = "-1000.01";
    },
    unknown: ({ s }) => {
      account(s).daily_pnl = null;
    },
  },
  drawdown: {
    passes: ({ s, p }) => {
      p.behaviour.max_drawdown_percent = "10";
      account(s).net_liquidation = "90000";
    },
    fails: ({ s, p }) => {
      p.behaviour.max_drawdown_percent = "10";
      account(s).net_liquidation = "89999.99";
    },
    unknown: ({ s, p }) => {
      p.behaviour.max_drawdown_percent = "10";
      account(s).peak_net_liquidation = null;
    },
  },
  "loss-cooldown": {
    passes: ({ s, p }) => {
      Object.assign(p.behaviour, { cooldown_after_losses: 3, cooldown_minutes: 30 });
      s.edge.losses = { consecutive: 3, last_loss_at: minutesAgo(30), stop_outs: [] };
    },
    fails: ({ s, p }) => {
      Object.assign(p.behaviour, { cooldown_after_losses: 3, cooldown_minutes: 30 });
      s.edge.losses = { consecutive: 3, last_loss_at: minutesAgo(29), stop_outs: [] };
    },
    unknown: ({ s, p }) => {
      Object.assign(p.behaviour, { cooldown_after_losses: 3, cooldown_minutes: 30 });
      s.edge.losses = null;
    },
  },
  "reentry-lock": {
    passes: ({ s, p }) => {
      p.behaviour.reentry_lock_minutes = 30;
      const stop_outs = [{ conid: AAPL.conid, at: minutesAgo(30) }];
      s.edge.losses = { consecutive: 1, last_loss_at: null, stop_outs };
    },
    fails: ({ s, p }) => {
      p.behaviour.reentry_lock_minutes = 30;
      const stop_outs = [{ conid: AAPL.conid, at: minutesAgo(29) }];
      s.edge.losses = { consecutive: 1, last_loss_at: null, stop_outs };
    },
    unknown: ({ s, p }) => {
      p.behaviour.reentry_lock_minutes = 30;
      s.edge.losses = null;
    },
  },
  "quiet-hours": {
    passes: ({ p }) => {
      p.state.quiet_hours = [{ from: "22:00", to: "15:00", zone: "UTC" }];
    },
    fails: ({ p }) => {
      p.state.quiet_hours = [{ from: "22:00", to: "15:01", zone: "UTC" }];
    },
    unknown: "none",
  },
  "duplicate-order": {
    passes: ({ s }) => {
      const { economic_hash } = s.edge;
      s.edge.asked = [{ economic_hash, at: minutesAgo(1), outcome: "placed" }];
    },
    fails: ({ s }) => {
      const { economic_hash } = s.edge;
      s.edge.asked = [{ economic_hash, at: minutesAgo(0, 59_999), outcome: "placed" }];
    },
    unknown: ({ s }) => {
      s.edge.asked = null;
    },
  },
  "idempotency-key": {
    passes: nothing,
    fails: ({ s }) => {
      s.edge.idempotency = { key: null, seen: "new" };
    },
    unknown: ({ s }) => {
      s.edge.idempotency = null;
    },
  },
  "idempotency-conflict": {
    passes: nothing,
    fails: ({ s }) => {
      s.edge.idempotency = { key: "k-1", seen: "conflict" };
    },
    unknown: ({ s }) => {
      s.edge.idempotency = null;
    },
  },
  "preview-fresh": {
    passes: nothing,
    fails: ({ s }) => {
      s.edge.preview = { expires_at: "2026-11-20T15:00:00.000Z", generation: 4 };
    },
    unknown: ({ s }) => {
      s.edge.preview = null;
    },
  },
  "price-drift": {
    passes: ({ s }) => {
      Object.assign(market(s), { bid: "189.1225", ask: "189.1225" });
    },
    fails: ({ s }) => {
      Object.assign(market(s), { bid: "189.1226", ask: "189.1226" });
    },
    unknown: ({ s }) => {
      s.edge.market_now = null;
    },
  },
  "approval-present": {
    passes: nothing,
    fails: ({ s }) => {
      s.edge.approval = null;
    },
    unknown: "none",
  },
  "approval-matches": {
    passes: nothing,
    fails: ({ s }) => {
      approval(s).matches = false;
    },
    unknown: "none",
  },
  "approval-unused": {
    passes: nothing,
    fails: ({ s }) => {
      approval(s).state = "reserved";
    },
    unknown: "none",
  },
  "approval-in-time": {
    passes: nothing,
    fails: ({ s }) => {
      approval(s).expires_at = "2026-11-20T15:00:00.000Z";
    },
    unknown: "none",
  },
  "approval-tier": {
    passes: both(
      ({ s }) => {
        approval(s).tier = 2;
      },
      ({ p }) => {
        p.tiers.tier_two_above_notional = "187.24";
      },
    ),
    fails: ({ p }) => {
      p.tiers.tier_two_above_notional = "187.24";
    },
    unknown: "none",
  },
  "approval-rate": {
    passes: ({ s }) => {
      s.phase = "preview";
      client(s).approvals_last_hour = 9;
    },
    fails: ({ s }) => {
      s.phase = "preview";
      client(s).approvals_last_hour = 10;
    },
    unknown: ({ s }) => {
      s.phase = "preview";
      s.edge.client = null;
    },
  },
  "denial-holds": {
    passes: ({ s }) => {
      const { economic_hash } = s.edge;
      s.edge.asked = [{ economic_hash, at: minutesAgo(10), outcome: "denied" }];
    },
    fails: ({ s }) => {
      const { economic_hash } = s.edge;
      s.edge.asked = [{ economic_hash, at: minutesAgo(9.9), outcome: "denied" }];
    },
    unknown: ({ s }) => {
      s.edge.asked = null;
    },
  },
};

describe.each(CHECKS.map((check) => [check.name, check] as const))("%s", (name, check) => {
  const result = (tweak: Tweak) => {
    const verdict = verdictOf(tweak);
    const found = verdict.results.find((each) => each.check === name);
    if (found === undefined) throw new Error("the verdict leaves the check out");
    return { verdict, found };
  };
  const row = ROWS[name];

  it("has a row here, a sentence, and a code of the closed union", () => {
    expect(row).toBeDefined();
    expect(check.means).toMatch(/^[A-Z].+\.$/);
    expect(ORDER_REFUSAL_CODES).toContain(check.code);
  });

  it("passes what keeps it", () => {
    if (row === undefined) return;
    expect(result(row.passes).found).toMatchObject({ outcome: "pass", message: check.means });
  });

  it("refuses what breaks it, by its code, with all it measured", () => {
    if (row === undefined) return;
    const { verdict, found } = result(row.fails);
    expect(found.outcome).toBe("fail");
    expect(found.message).toMatch(/^[A-Za-z0-9(].+\.$/);
    expect(found.message).not.toContain("undefined");
    expect(found.source).not.toBe("");
    expect(verdict.allowed).toBe(false);
    expect(verdict.failures.map(({ code }) => code)).toContain(check.code);
  });

  const missing = row?.unknown;
  if (missing === undefined || missing === "none") return;
  it("denies when what it needs is missing", () => {
    const { verdict, found } = result(missing);
    expect(found.outcome).toBe("unknown");
    expect(found.message).toContain("could not be read");
    expect(verdict.allowed).toBe(false);
  });
});

it("has no row for a check that does not exist", () => {
  expect(Object.keys(ROWS).sort()).toEqual(CHECKS.map(({ name }) => name).sort());
});

it("the fixture itself is a small paper order that passes", () => {
  expect(verdictOf(nothing).failures).toEqual([]);
  expect(aDraftOf().p.order.max_notional).toBe("2000");
});
