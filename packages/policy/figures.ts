import { RATE_MAX_AGE_SECONDS, SLIPPAGE_LEAST_BPS } from "@ibkr-edge-gateway/protocol/limits.ts";
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
import type { Side } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
import { quotedUnitsOf } from "@ibkr-edge-gateway/protocol/orders/price-unit.ts";
import {
  MISSING_IN_WORDS,
  rateToBase,
  riskInBase,
} from "@ibkr-edge-gateway/protocol/orders/risk-in-base.ts";
import type { TicketQuote } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import {
  tradedValue,
  unitRisk,
  unitsAtMost,
} from "@ibkr-edge-gateway/protocol/orders/value-at-risk.ts";
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
  market: TicketQuote | null;
  /** The value at risk, in base currency: what every limit in money is held to. */
  notional: Decimal | null;
  /** What the value is not known for, as the subject of a sentence; null when it is known. */
  notionalMissing: string | null;
  /** It opens a short call: the loss has no bound, whatever the value says. */
  uncoveredCall: boolean;
  /** Base-currency value of one unit of the contract's currency. */
  rate: Decimal | null;
  /** What changes hands, in base currency: of an option that is sold the premium alone. */
  traded: Decimal | null;
  /** Of the principal leg; of an amount of money the most that it buys. */
  quantity: Decimal | null;
  /** The most units of any leg. */
  unitsOfLargest: Decimal | null;
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

  const view = riskView(snapshot, policy, market);
  const risk = riskInBase(order, view);
  const rate = rateToBase(leg.contract.currency, view);
  const traded = tradedValue(order, view);
  const quantity = unitsAtMost(leg, view);
  const position = positionIn(snapshot, leg.contract.conid);
  const positionAfter = afterAll(snapshot, order, leg, position, quantity);
  const pending = pendingOf(snapshot, order);
  const waits = order.action !== "cancel" && facts.instrument?.tradable_now === false;
  const unit = positionAfter === null ? null : unitValue(order, positionAfter, view);
  return {
    nowMs,
    order,
    leg,
    isEntry,
    market,
    notional: risk.known ? risk.value : null,
    notionalMissing: risk.known ? null : MISSING_IN_WORDS[risk.missing],
    uncoveredCall: risk.uncoveredCall,
    rate,
    traded: traded === null || rate === null ? null : traded.times(rate),
    quantity,
    unitsOfLargest: largestOf(order, view),
    netLiquidation: parseFigure(facts.account?.net_liquidation),
    buyingPower: parseFigure(facts.account?.buying_power),
    position,
    positionAfter,
    positionValueAfter:
      positionAfter === null || unit === null || rate === null
        ? null
        : positionAfter.abs().times(unit).times(rate),
    pending,
    reference: comparedPrice({ quote: market, waits }),
    waits,
    closing: standsOnLastSession({ quote: market, waits }),
  };
}

/** What the order is valued by: the market, the policy's collar, and a rate of the age it accepts. */
function riskView(
  { ticket, facts, now }: PolicySnapshot,
  { data }: PolicyDocument,
  market: TicketQuote | null,
): Parameters<typeof riskInBase>[1] {
  const collar = data.market_slippage_bps ?? data.collar_aggressive_bps;
  return {
    market,
    slippageBps: collar === null ? null : Decimal.max(SLIPPAGE_LEAST_BPS, dec(collar)),
    effect: facts.effect?.kind ?? null,
    quotedUnits: quotedUnitsOf(ticket),
    base: ticket.base_currency,
    fx: facts.fx_to_base,
    maxRateAgeSeconds: data.max_fx_age_seconds ?? RATE_MAX_AGE_SECONDS,
    nowMs: Date.parse(now),
  };
}

function largestOf(order: CanonicalOrder, view: Parameters<typeof unitsAtMost>[1]) {
  return order.legs.reduce<Decimal | null>((top, leg) => {
    const units = unitsAtMost(leg, view);
    return top === null || units === null ? null : Decimal.max(top, units);
  }, new Decimal(0));
}

/**
 * The value at risk of one unit of the position as it would stand, in the contract's currency: held
 * at the dearest price that either side of the order or the market says, or short as if it were sold
 * now. Of a group one member fills: the dearest counts, and only where all are of one contract and
 * one quantity, as `group-coherent` asks.
 */
function unitValue(
  order: CanonicalOrder,
  after: Decimal,
  view: Parameters<typeof riskInBase>[1],
): Decimal | null {
  const [first] = order.legs;
  const legs = order.structure === "oca" ? order.legs : [principalLeg(order)];
  let dearest = new Decimal(0);
  for (const leg of legs) {
    if (leg.contract.conid !== first?.contract.conid && order.structure === "oca") return null;
    if (leg.quantity !== first?.quantity && order.structure === "oca") return null;
    const values = after.lessThan(0)
      ? [unitRisk({ ...leg, side: "SELL" }, { ...view, effect: "entry" })]
      : (["BUY", "SELL"] as const).map((side) =>
          unitRisk({ ...leg, side }, { ...view, effect: "exit" }),
        );
    for (const risk of values) {
      if (!risk.known) return null;
      dearest = Decimal.max(dearest, risk.value);
    }
  }
  return dearest;
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
