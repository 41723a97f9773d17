import { AAPL } from "../orders.ts";
import { both, type CheckCases, leg, minutesAgo, usage, working } from "./tweaks.ts";

/** Cases of the checks of the stage `cumulative`, by the check's name. */
export const CUMULATIVE_CASES: Record<string, CheckCases> = {
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
};
