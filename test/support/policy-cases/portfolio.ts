import {
  account,
  both,
  type CheckCases,
  change,
  holding,
  instrument,
  minutesAgo,
  nothing,
  option,
  position,
  sell,
  stop,
  working,
} from "./tweaks.ts";

/** Cases of the checks of the stage `portfolio`, by the check's name. */
export const PORTFOLIO_CASES: Record<string, CheckCases> = {
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
};
