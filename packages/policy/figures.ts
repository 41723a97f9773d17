import { WORST_CASE_SLIPPAGE_BPS } from "@ibkr-edge-gateway/protocol/limits.ts";
import {
  type CanonicalOrder,
  type Leg,
  principalLeg,
} from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import {
  comparedPrice,
  standsOnLastSession,
} from "@ibkr-edge-gateway/protocol/orders/compared-price.ts";
import { Decimal, dec, parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import type { Side } from "@ibkr-edge-gateway/protocol/orders/terms.ts";
import type { Quote } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { orderNotional, worstNotional } from "@ibkr-edge-gateway/protocol/orders/worst-case.ts";
import type { PolicyDocument } from "./document.ts";
import type { PolicySnapshot } from "./snapshot.ts";

/**
 * What several checks need, worked out once: values in base currency, the position as it would
 * stand when this order and everything that works on its side had filled. Null is unknown.
 */
export interface Figures {
  nowMs: number;
  order: CanonicalOrder;
  leg: Leg;
  /** What is sent adds to, or may add to, a position. */
  isEntry: boolean;
  market: Quote | null;
  /** Worst case in base currency. */
  notional: Decimal | null;
  quantity: Decimal | null;
  netLiquidation: Decimal | null;
  buyingPower: Decimal | null;
  /** Signed quantity now. */
  position: Decimal | null;
  /** Signed quantity after this order and every working order on its side, those in flight too. */
  positionAfter: Decimal | null;
  /** Worst absolute value of that position in base currency. */
  positionValueAfter: Decimal | null;
  /** Orders that may still open something: they take from the same limits as this one. */
  pending: Pending | null;
  /** Base-currency value of one unit of the contract, worst case. */
  unitValue: Decimal | null;
  /** What the price is compared with, see `comparedPrice`. */
  reference: Decimal | null;
  /** The market's hours are known, and the order cannot trade now: it would wait for the open. */
  waits: boolean;
  /** It waits, and is compared with the last price of the latest session: nobody quotes a side. */
  closing: boolean;
}

export interface Pending {
  orders: { conid: number; side: Side; notional: Decimal | null; in_flight: boolean }[];
  /** Of all of them, in base currency; null when one is of unknown value. */
  value: Decimal | null;
  /** Of the buying ones. */
  buying: Decimal | null;
  /** Buying less selling. */
  net: Decimal | null;
}

/**
 * What the checks compare with their limits. Money is in the policy's base currency, quantities are
 * in units of the contract, both exact; null wherever a part of the figure is not known.
 */
export function figuresOf(snapshot: PolicySnapshot, policy: PolicyDocument): Figures {
  const { ticket, facts } = snapshot;
  const { order } = ticket;
  const leg = principalLeg(order);
  const nowMs = Date.parse(snapshot.now);
  const market = snapshot.phase === "submit" ? snapshot.edge.market_now : ticket.market;
  const isEntry = order.action !== "cancel" && facts.effect?.kind !== "exit";

  const rate = rateOf(snapshot, policy, nowMs);
  const local = orderNotional(order, pricing(market));
  const notional = local === null || rate === null ? null : local.times(rate);
  const quantity = leg.quantity === null ? null : dec(leg.quantity);
  const unitValue =
    rate === null ? null : (unitWorst(order, quantity, market)?.times(rate) ?? null);

  const position = positionIn(snapshot, leg.contract.conid);
  const positionAfter = afterAll(snapshot, order, leg, position, quantity);
  const pending = pendingOf(snapshot, order);
  const waits = order.action !== "cancel" && facts.instrument?.tradable_now === false;
  return {
    nowMs,
    order,
    leg,
    isEntry,
    market,
    notional,
    quantity,
    netLiquidation: parseFigure(facts.account?.net_liquidation),
    buyingPower: parseFigure(facts.account?.buying_power),
    position,
    positionAfter,
    positionValueAfter:
      positionAfter === null || unitValue === null ? null : positionAfter.abs().times(unitValue),
    pending,
    unitValue,
    reference: comparedPrice({ quote: market, waits }),
    waits,
    closing: standsOnLastSession({ quote: market, waits }),
  };
}

const pricing = (market: Quote | null) => ({
  market,
  slippageBps: new Decimal(WORST_CASE_SLIPPAGE_BPS),
});

/**
 * Worst value of one unit in the contract's currency. Of a group one member fills: the dearest
 * counts, and only where all are of one contract and one quantity, as `group-coherent` asks.
 */
function unitWorst(
  order: CanonicalOrder,
  quantity: Decimal | null,
  market: Quote | null,
): Decimal | null {
  if (quantity === null || quantity.isZero()) return null;
  if (order.structure !== "oca") {
    return orderNotional(order, pricing(market))?.dividedBy(quantity) ?? null;
  }
  const [first] = order.legs;
  let worst: Decimal | null = new Decimal(0);
  for (const leg of order.legs) {
    const alike = leg.contract.conid === first?.contract.conid && leg.quantity === first.quantity;
    const value: Decimal | null = alike ? worstNotional(leg, pricing(market)) : null;
    worst = value === null || worst === null ? null : Decimal.max(worst, value);
  }
  return worst?.dividedBy(quantity) ?? null;
}

function rateOf(snapshot: PolicySnapshot, policy: PolicyDocument, nowMs: number): Decimal | null {
  const { ticket, facts } = snapshot;
  const currencies = new Set(ticket.order.legs.map((leg) => leg.contract.currency));
  if (currencies.size !== 1) return null;
  if (currencies.has(ticket.base_currency)) return new Decimal(1);
  if (facts.fx_to_base === null) return null;
  const limit = policy.data.max_fx_age_seconds;
  const age = nowMs - Date.parse(facts.fx_to_base.at);
  if (limit !== null && !(age <= limit * 1_000)) return null;
  const rate = parseFigure(facts.fx_to_base.rate);
  return rate?.greaterThan(0) ? rate : null;
}

function positionIn(snapshot: PolicySnapshot, conid: number): Decimal | null {
  const { positions } = snapshot.facts;
  if (positions === null) return null;
  return positions
    .filter((each) => each.conid === conid)
    .reduce((sum, each) => sum.plus(dec(each.quantity)), new Decimal(0));
}

/** Orders that can only close (bracket children, group exits) do not open the other way. */
function afterAll(
  snapshot: PolicySnapshot,
  order: CanonicalOrder,
  leg: Leg,
  position: Decimal | null,
  quantity: Decimal | null,
): Decimal | null {
  const { working } = snapshot.facts;
  const { own_open } = snapshot.edge;
  if (position === null || working === null || own_open === null || quantity === null) return null;
  const sign = leg.side === "BUY" ? 1 : -1;
  const filled = order.action === "modify" ? dec(order.target?.filled_quantity ?? "0") : 0;
  const others = working
    .filter(
      (other) =>
        other.conid === leg.contract.conid &&
        other.side === leg.side &&
        !other.exit_only &&
        other.order_id !== order.target?.order_id,
    )
    .reduce((sum, other) => sum.plus(dec(other.remaining)), new Decimal(0));
  let missed = new Decimal(0);
  for (const other of own_open) {
    if (!other.in_flight || other.conid !== leg.contract.conid || other.side !== leg.side) continue;
    if (other.quantity === null) return null;
    missed = missed.plus(dec(other.quantity));
  }
  return position.plus(quantity.minus(filled).plus(others).plus(missed).times(sign));
}

/** Everything that works or is on its way and may open something; the order itself left out. */
function pendingOf(snapshot: PolicySnapshot, order: CanonicalOrder): Pending | null {
  const { working } = snapshot.facts;
  const { own_open } = snapshot.edge;
  if (working === null || own_open === null) return null;
  const orders: Pending["orders"] = [
    ...working
      .filter((other) => !other.exit_only && other.order_id !== order.target?.order_id)
      .map(({ conid, side, notional }) => ({
        conid,
        side,
        notional: parseFigure(notional),
        in_flight: false,
      })),
    ...own_open
      .filter((other) => other.in_flight && !other.exit)
      .map(({ conid, side, notional }) => ({
        conid,
        side,
        notional: parseFigure(notional),
        in_flight: true,
      })),
  ];
  const total = (sign: (side: Side) => number): Decimal | null =>
    orders.reduce<Decimal | null>(
      (sum, { side, notional }) =>
        sum === null || notional === null ? null : sum.plus(notional.times(sign(side))),
      new Decimal(0),
    );
  return {
    orders,
    value: total(() => 1),
    buying: total((side) => (side === "BUY" ? 1 : 0)),
    net: total((side) => (side === "BUY" ? 1 : -1)),
  };
}
