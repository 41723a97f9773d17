import { aBracket, aLeg, anOrder } from "../orders.ts";
import {
  as,
  both,
  type CheckCases,
  instrument,
  leg,
  marketOrders,
  minutesAgo,
  nothing,
} from "./tweaks.ts";

/** Cases of the checks of the stage `form`, by the check's name. */
export const FORM_CASES: Record<string, CheckCases> = {
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
};
