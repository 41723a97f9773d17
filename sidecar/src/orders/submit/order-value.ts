import { RATE_MAX_AGE_SECONDS, SLIPPAGE_LEAST_BPS } from "@ibkr-edge-gateway/protocol/limits.ts";
import { principalLeg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { Decimal, dec } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { quotedUnitsOf } from "@ibkr-edge-gateway/protocol/orders/price-unit.ts";
import {
  type BaseRisk,
  MISSING_IN_WORDS,
  rateToBase,
  riskInBase,
} from "@ibkr-edge-gateway/protocol/orders/risk-in-base.ts";
import type { Effect, Ticket, TicketQuote } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { unitsAtMost } from "@ibkr-edge-gateway/protocol/orders/value-at-risk.ts";
import type { CapsFile } from "../../trust/limits/caps.ts";
import { figure, type Rates } from "./market-and-account-reads.ts";

/** What this PC makes of an order's size, by its own reads; null is not known and never zero. */
export interface OrderValue {
  /** Value at risk in base currency. */
  notional: string | null;
  /** What the value is not known for, as the subject of a sentence. */
  missing: string | null;
  /** The most units of any leg: of an amount of money what it buys at most. */
  units: string | null;
  /** Base-currency value of one unit of the contract's currency. */
  rate: string | null;
}

export function orderValue(
  ticket: Pick<Ticket, "order" | "price_magnifier">,
  seen: {
    market: TicketQuote | null;
    effect: Effect | null;
    rates: Rates | null;
    /** The account's base currency. */
    base: string | null;
    caps: CapsFile;
    nowMs: number;
  },
): OrderValue {
  const { order } = ticket;
  const { currency } = principalLeg(order).contract;
  const rate = seen.rates?.rates.get(currency);
  const view = {
    market: seen.market,
    slippageBps: collarBps(seen.caps),
    effect: seen.effect?.kind ?? null,
    quotedUnits: quotedUnitsOf(ticket),
    base: seen.base ?? "",
    fx: rate === undefined || seen.rates === null ? null : { rate, at: seen.rates.at },
    maxRateAgeSeconds: RATE_MAX_AGE_SECONDS,
    nowMs: seen.nowMs,
  };
  const risk: BaseRisk = riskInBase(order, view);
  const notional = risk.known ? upwards(risk.value) : null;
  const units = order.legs.reduce<Decimal | null>((top, leg) => {
    const most = unitsAtMost(leg, view);
    return top === null || most === null ? null : Decimal.max(top, most);
  }, new Decimal(0));
  return {
    notional,
    missing: risk.known ? null : MISSING_IN_WORDS[risk.missing],
    units: units === null ? null : upwards(units),
    rate: figure(rateToBase(currency, view)),
  };
}

/** How far the price may lie from what was seen: this PC's own bound on it, where that is the wider. */
function collarBps(caps: CapsFile): Decimal {
  const own = caps.ok ? dec(caps.caps.max_price_drift_bps) : 0;
  return Decimal.max(SLIPPAGE_LEAST_BPS, own);
}

/** A figure is written with twelve decimals; what is cut off never makes a bound smaller. */
const upwards = (value: Decimal): string | null =>
  figure(value.toDecimalPlaces(12, Decimal.ROUND_UP));
