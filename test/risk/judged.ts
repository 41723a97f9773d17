import type { PolicyDocument } from "@ibkr-edge-gateway/policy/document.ts";
import { policyOf } from "@ibkr-edge-gateway/policy/document.ts";
import { evaluatePolicy, type PolicyVerdict } from "@ibkr-edge-gateway/policy/evaluate.ts";
import type { CanonicalOrder } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { principalLeg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { effectOf } from "@ibkr-edge-gateway/protocol/orders/effect.ts";
import { OrderType } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
import * as fc from "fast-check";
import { NOW } from "../support/orders.ts";
import { aDraftOf, type Draft } from "../support/policy.ts";
import { position } from "../support/policy-cases/tweaks.ts";
import type { Fraction } from "./fraction.ts";
import { type Scene, worstInBase } from "./oracle.ts";
import { anyMarket, anyOrder } from "./orders.ts";
import { unitOf } from "./unit.ts";

/** Any order under any limits in money, judged by the whole engine and by the payoff tables. */
export interface Judged {
  draft: Draft;
  verdict: PolicyVerdict;
  /** Of the order, in base currency; null where nothing bounds it. */
  worst: Fraction | null;
  guessed: boolean;
}

/** Of the position that is held, in base currency. */
export const HELD_VALUE = "1872.5";

const anyLimit = fc.option(
  fc.constantFrom("0.5", "100", "1000", "18725", "50000", "250000", "5000000", "90000000"),
  { nil: null, freq: 6 },
);
const anyPercent = fc.option(fc.constantFrom("1", "25", "150", "900"), { nil: null, freq: 4 });
const anyUsed = fc.option(fc.constantFrom("0", "10.01", "40000"), { nil: null, freq: 12 });

const anyLimits = fc.record({
  notional: anyLimit,
  nlv: anyPercent,
  power: anyPercent,
  leverage: fc.option(fc.constantFrom("1", "4"), { nil: null }),
  cashOnly: fc.boolean(),
  buying: anyLimit,
  turnover: anyLimit,
  open: anyLimit,
  agent: anyLimit,
  position: anyLimit,
  gross: anyPercent,
  premium: anyLimit,
  assignment: anyLimit,
  tier: anyLimit,
  used: anyUsed,
  inflight: anyUsed,
});
type Limits = typeof anyLimits extends fc.Arbitrary<infer T> ? T : never;

const anyFacts = fc.record({
  market: anyMarket,
  magnifier: fc.constantFrom("1", "100", null, undefined),
  base: fc.constantFrom("USD", "EUR"),
  fx: fc.option(
    fc.record({
      rate: fc.constantFrom("0.92", "1.274518", "0.0066"),
      at: fc
        .constantFrom(0, 59, 61, -61, -4_000)
        .map((age) => new Date(Date.parse(NOW) - age * 1_000).toISOString()),
    }),
    { nil: null, freq: 9 },
  ),
  maxRateAge: fc.constantFrom(60, null),
  slippage: fc.constantFrom("50", "250", null),
  collar: fc.constantFrom("300", null),
  held: fc.constantFrom("0", "0", "3", "400", "-2", "-400"),
});
type Facts = typeof anyFacts extends fc.Arbitrary<infer T> ? T : never;

function judge(order: CanonicalOrder, facts: Facts, limits: Limits): Judged {
  const draft = aDraftOf(({ s, p }) => {
    permit(p);
    set(p, limits);
    p.data.market_slippage_bps = facts.slippage;
    p.data.collar_aggressive_bps = facts.collar;
    p.data.max_fx_age_seconds = facts.maxRateAge;
    s.ticket.order = order;
    s.ticket.base_currency = facts.base;
    s.ticket.market = facts.market;
    s.edge.market_now = facts.market;
    if (facts.magnifier !== undefined) s.ticket.price_magnifier = facts.magnifier;
    s.facts.fx_to_base = facts.fx;
    s.facts.positions = [position({ quantity: facts.held, value: HELD_VALUE })];
    s.facts.effect = effectOf(order, s.facts.positions, [], NOW);
    if (s.edge.usage !== null) {
      s.edge.usage.buy_notional_today = limits.used;
      s.edge.usage.turnover_today = limits.used;
      s.edge.usage.inflight_notional = limits.inflight;
    }
    if (s.edge.client !== null) s.edge.client.notional_today = limits.used;
  });
  const leg = principalLeg(order);
  const slippage = facts.slippage ?? facts.collar;
  const scene: Scene = {
    market: facts.market,
    slippageBps: slippage === null ? null : String(Math.max(100, Number(slippage))),
    effect: draft.s.facts.effect?.kind ?? null,
    quotedUnits: unitOf(leg.contract, facts.magnifier),
    base: facts.base,
    fx: facts.fx,
    maxRateAgeSeconds: facts.maxRateAge ?? 3_600,
    nowMs: Date.parse(NOW),
  };
  const worst = worstInBase(order, scene);
  return {
    draft,
    verdict: evaluatePolicy(draft.s, policyOf(1, draft.p)),
    worst: worst === "unknown" ? null : worst.value,
    guessed: worst !== "unknown" && worst.guessed,
  };
}

/** Everything is allowed but what the limits in money say. */
function permit(p: PolicyDocument): void {
  Object.assign(p.form, { order_types: [...OrderType.options], market_orders: true });
  Object.assign(p.form, { times_in_force: null, fractional: true });
  p.instruments.asset_classes = null;
  Object.assign(p.options, { short: true, uncovered_calls: true, short_across_events: true });
  p.options.max_contracts = null;
  Object.assign(p.data, { max_spread_bps: null, collar_passive_bps: null });
  p.order.max_quantity = null;
  p.order.max_commission_percent = null;
  Object.assign(p.portfolio, { short: true, flip: true, max_position_nlv_percent: null });
}

function set(p: PolicyDocument, limits: Limits): void {
  p.order.max_notional = limits.notional;
  p.order.max_nlv_percent = limits.nlv;
  p.order.max_buying_power_percent = limits.power;
  p.order.max_leverage = limits.leverage;
  p.order.cash_only = limits.cashOnly;
  p.cumulative.max_buy_notional_per_day = limits.buying;
  p.cumulative.max_turnover_per_day = limits.turnover;
  p.cumulative.max_open_notional = limits.open;
  p.clients.max_notional_per_day = limits.agent;
  p.portfolio.max_position_notional = limits.position;
  p.portfolio.max_gross_percent = limits.gross;
  p.options.max_premium = limits.premium;
  p.options.max_assignment_notional = limits.assignment;
  p.tiers.tier_two_above_notional = limits.tier;
}

/** A check that has nothing against the order. */
export const passed = ({ results }: PolicyVerdict, name: string): boolean =>
  results.some(({ check, outcome }) => check === name && (outcome === "pass" || outcome === "off"));

export const anyJudged = fc.tuple(anyOrder, anyFacts, anyLimits).map(([order, facts, limits]) => ({
  ...judge(order, facts, limits),
  order,
  facts,
  limits,
}));
