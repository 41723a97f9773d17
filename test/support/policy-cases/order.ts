import { AAPL } from "../orders.ts";
import { account, both, type CheckCases, leg, nothing, whatIf } from "./tweaks.ts";

/** Cases of the checks of the stage `order`, by the check's name. */
export const ORDER_CASES: Record<string, CheckCases> = {
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
  "what-if-agrees": {
    passes: ({ s }) => {
      Object.assign(whatIf(s), { amount: "190.99", amount_currency: "USD" });
    },
    fails: ({ s }) => {
      Object.assign(whatIf(s), { amount: "191", amount_currency: "USD" });
    },
    unknown: "none",
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
};
