import { WORST_CASE_SLIPPAGE_BPS } from "../protocol/limits.ts";
import { type CanonicalOrder, type Leg, principalLeg } from "../protocol/orders/canonical-order.ts";
import { Decimal, dec, parseFigure } from "../protocol/orders/decimal.ts";
import type { Quote } from "../protocol/orders/ticket.ts";
import { orderNotional } from "../protocol/orders/worst-case.ts";
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
  /** Signed quantity after this order and every working order on its side. */
  positionAfter: Decimal | null;
  /** Worst absolute value of that position in base currency. */
  positionValueAfter: Decimal | null;
  /** Base-currency value of one unit of the contract, worst case. */
  unitValue: Decimal | null;
  /** Reference price: mid, else last, else prior close. */
  reference: Decimal | null;
}

export function figuresOf(snapshot: PolicySnapshot, policy: PolicyDocument): Figures {
  const { ticket, facts } = snapshot;
  const { order } = ticket;
  const leg = principalLeg(order);
  const nowMs = Date.parse(snapshot.now);
  const market = snapshot.phase === "submit" ? snapshot.edge.market_now : ticket.market;
  const isEntry = order.action !== "cancel" && facts.effect?.kind !== "exit";

  const rate = rateOf(snapshot, policy, nowMs);
  const local = orderNotional(order, {
    market,
    slippageBps: new Decimal(WORST_CASE_SLIPPAGE_BPS),
  });
  const notional = local === null || rate === null ? null : local.times(rate);
  const quantity = leg.quantity === null ? null : dec(leg.quantity);
  const unitValue =
    notional === null || quantity === null || quantity.isZero() || order.structure === "oca"
      ? null
      : notional.dividedBy(quantity);

  const position = positionIn(snapshot, leg.contract.conid);
  const positionAfter = afterAll(snapshot, order, leg, position, quantity);
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
    unitValue,
    reference: referenceOf(market),
  };
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
  if (position === null || working === null || quantity === null) return null;
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
  return position.plus(quantity.minus(filled).plus(others).times(sign));
}

/** Mid where both sides are quoted, else last, else prior close. */
export function referenceOf(quote: Quote | null): Decimal | null {
  const bid = parseFigure(quote?.bid);
  const ask = parseFigure(quote?.ask);
  if (bid !== null && ask !== null) return bid.plus(ask).dividedBy(2);
  return parseFigure(quote?.last) ?? parseFigure(quote?.prior_close);
}
