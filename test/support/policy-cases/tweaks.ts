import type { CanonicalOrder, Leg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import type { PositionFact, WorkingOrderFact } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { AAPL, aLeg, anOrder } from "../orders.ts";
import type { Draft, Tweak } from "../policy.ts";

/**
 * The cases of one check: one that it judges and lets pass (at the limit, where it has one), one
 * just beyond, and one in which what it needs is not known.
 */
export interface CheckCases {
  passes: Tweak;
  fails: Tweak;
  /** `none`: nothing it needs can be missing. */
  unknown: Tweak | "none";
}

/** Ways to bend the good order, its market, its account and its world. */
export const as =
  (order: CanonicalOrder): Tweak =>
  ({ s }) => {
    s.ticket.order = order;
  };
export const leg = (over: Partial<Leg>): Tweak => as(anOrder({ legs: [aLeg(over)] }));
export const both =
  (...tweaks: Tweak[]): Tweak =>
  (draft) => {
    for (const tweak of tweaks) tweak(draft);
  };
export const nothing: Tweak = () => {};
export const market = (s: Draft["s"]) => {
  if (s.edge.market_now === null) throw new Error("the fixture has a market");
  return s.edge.market_now;
};
export const client = (s: Draft["s"]) => {
  if (s.edge.client === null) throw new Error("the fixture has a client");
  return s.edge.client;
};
export const usage = (s: Draft["s"]) => {
  if (s.edge.usage === null) throw new Error("the fixture has usage");
  return s.edge.usage;
};
export const account = (s: Draft["s"]) => {
  if (s.facts.account === null) throw new Error("the fixture has an account");
  return s.facts.account;
};
export const instrument = (s: Draft["s"]) => {
  if (s.facts.instrument === null) throw new Error("the fixture has an instrument");
  return s.facts.instrument;
};
export const whatIf = (s: Draft["s"]) => {
  if (s.ticket.what_if === null) throw new Error("the fixture has a what-if");
  return s.ticket.what_if;
};
export const approval = (s: Draft["s"]) => {
  if (s.edge.approval === null) throw new Error("the fixture has an approval");
  return s.edge.approval;
};
export const session = (s: Draft["s"]) => {
  if (s.edge.session === null) throw new Error("the fixture has a session");
  return s.edge.session;
};

export const position = (over: Partial<PositionFact> = {}): PositionFact => ({
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
export const working = (over: Partial<WorkingOrderFact> = {}): WorkingOrderFact => ({
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

export const stop = aLeg({
  side: "SELL",
  order_type: "STP",
  limit_price: null,
  stop_price: "180",
  quantity: "10",
});
export const target = {
  order_id: "77",
  order_ref: "ieg1-0",
  foreign: false,
  before: aLeg(),
  filled_quantity: "0",
};
export const change =
  (over: Partial<Leg>, before: Leg = aLeg()): Tweak =>
  (draft) => {
    as(
      anOrder({ action: "modify", legs: [{ ...before, ...over }], target: { ...target, before } }),
    )(draft);
    draft.s.facts.working = [working({ side: before.side })];
  };
export const cancel = (before: Leg = aLeg(), foreign = false): Tweak =>
  as(anOrder({ action: "cancel", legs: [before], target: { ...target, before, foreign } }));

export const MKT: Partial<Leg> = { order_type: "MKT", limit_price: null };
export const marketOrders: Tweak = (draft) => {
  leg(MKT)(draft);
  draft.p.form.market_orders = true;
};
export const OPTION: Partial<Leg> = {
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
export const option =
  (over: Partial<Leg> = {}): Tweak =>
  (draft) => {
    leg({ ...OPTION, ...over })(draft);
    draft.p.instruments.asset_classes = ["STK", "OPT"];
    Object.assign(market(draft.s), { bid: "2.48", ask: "2.52", last: "2.5" });
  };
export const shortOption: Tweak = both(option({ side: "SELL" }), ({ p }) => {
  p.options.short = true;
  p.options.max_assignment_notional = "18000";
  p.portfolio.short = true;
});
export const sell = (quantity: string): Tweak =>
  leg({ side: "SELL", quantity, limit_price: "187.2" });
export const holding =
  (quantity: string): Tweak =>
  ({ s }) => {
    s.facts.positions = [position({ quantity })];
  };
export const live: Tweak = ({ s, p }) => {
  s.ticket.order = anOrder({ mode: "live" });
  p.mode = "live";
  s.edge.proved_mode = "live";
};
export const minutesAgo = (minutes: number, more = 0) =>
  new Date(Date.parse("2026-11-20T15:00:00.000Z") - minutes * 60_000 - more).toISOString();
