import { both, type CheckCases, leg, market, marketOrders, minutesAgo, nothing } from "./tweaks.ts";

/** Cases of the checks of the stage `data`, by the check's name. */
export const DATA_CASES: Record<string, CheckCases> = {
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
};
