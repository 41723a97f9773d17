import type { Leg } from "../orders/canonical-order.ts";
import { comparedPrice } from "../orders/compared-price.ts";
import { basisPoints, type Decimal, dec } from "../orders/decimal.ts";
import type { OrderRefusal } from "../orders/order-refusal.ts";
import type { TimeInForce } from "../orders/order-terms.ts";
import { quoted } from "../orders/quote-price.ts";
import { opensShortCall, opensShortSale } from "../orders/value-at-risk.ts";
import { isExitRole, type Mandate, outside, type UnderMandate } from "./mandate.ts";

/** How an order may be placed under a mandate: where, in what, when, at what price, until when. */
export interface PlacementBounds {
  /** Null: the account's base currency alone. */
  currencies: readonly string[] | null;
  /** Null: the way that is taken where none is named, which is SMART, and of a future its exchange. */
  exchanges: readonly string[] | null;
  times_in_force: readonly TimeInForce[];
  outside_rth: boolean;
  when_closed: boolean;
  short_sales: boolean;
  max_price_beyond_percent: string;
  /** `named`: only contracts that the mandate names one by one may expire. */
  latest_expiry: string | null | "named";
}

/**
 * A mandate from before these bounds names none of them, and its signature holds for what it says. So
 * it is read in the narrowest way that leaves it of use: a signed permission never grows.
 */
const UNNAMED: PlacementBounds = {
  currencies: null,
  exchanges: null,
  times_in_force: ["DAY"],
  outside_rth: false,
  when_closed: false,
  short_sales: false,
  max_price_beyond_percent: "1",
  latest_expiry: "named",
};

/** The bounds a mandate names; those of a first-version mandate, which could not name any. */
export const placementBounds = (mandate: Mandate): PlacementBounds =>
  mandate.v === 1 ? UNNAMED : mandate;

/** Every way in which an order lies outside of them, or nothing. */
export function placementFaults(mandate: Mandate, order: UnderMandate): OrderRefusal[] {
  const bounds = placementBounds(mandate);
  const { order: asked, base_currency, waits } = order.ticket;
  const faults: OrderRefusal[] = [];
  for (const leg of asked.legs) {
    const { contract } = leg;
    if (!(bounds.currencies ?? [base_currency]).includes(contract.currency)) {
      faults.push(
        outside("currency", "currency_named", `The mandate does not cover ${contract.currency}.`),
      );
    }
    if (!isRouted(bounds, leg)) {
      faults.push(
        outside(
          "exchange",
          "exchange_named",
          `The mandate does not cover orders at ${contract.exchange}.`,
        ),
      );
    }
    // A bracket's exits stand until they are cancelled, to protect what its entry opened.
    if (!isExitRole(leg.role) && !bounds.times_in_force.includes(leg.time_in_force)) {
      faults.push(
        outside(
          "time_in_force",
          "time_in_force_named",
          `The mandate does not cover ${leg.time_in_force} orders.`,
        ),
      );
    }
    if (leg.outside_rth && !bounds.outside_rth) {
      faults.push(
        outside(
          "outside_rth",
          "regular_hours",
          "The mandate does not cover orders outside regular hours.",
        ),
      );
    }
    faults.push(...expiryFaults(bounds, mandate, leg));
    faults.push(...priceFaults(bounds, leg, order));
  }
  if ((waits != null || order.waits) && !bounds.when_closed) {
    faults.push(
      outside(
        "market",
        "market_open",
        "The mandate does not cover orders that wait for the market to open.",
      ),
    );
  }
  if (!bounds.short_sales && opensShortSale(asked, order.effect)) {
    faults.push(
      outside("side", "short_sales", "The mandate does not cover a sale of more than is held."),
    );
  }
  if (opensShortCall(asked, order.effect)) {
    faults.push(
      outside(
        "side",
        "no_uncovered_calls",
        "No mandate covers a call that is sold to open: what it may lose has no bound, and one over shares that are held counts as uncovered too. Ask the owner for this order.",
      ),
    );
  }
  return faults;
}

function isRouted({ exchanges }: PlacementBounds, { contract }: Leg): boolean {
  if (exchanges !== null) return exchanges.includes(contract.exchange);
  const future = contract.asset_class === "FUT" && contract.exchange === contract.listing_exchange;
  return contract.exchange === "SMART" || future;
}

function expiryFaults(
  { latest_expiry }: PlacementBounds,
  { conids }: Mandate,
  { contract }: Leg,
): OrderRefusal[] {
  const { asset_class, expiry, conid } = contract;
  if (asset_class === "STK") return [];
  const covered =
    latest_expiry === "named"
      ? conids?.includes(conid) === true
      : latest_expiry !== null && expiry !== null && expiry <= latest_expiry;
  return covered
    ? []
    : [
        outside(
          "expiry",
          "expiry_named",
          `The mandate does not cover a contract that expires on ${expiry ?? "an unknown day"}.`,
        ),
      ];
}

/** A price that is known to be no further beyond the market; what has none is bound by its value. */
function priceFaults(bounds: PlacementBounds, leg: Leg, order: UnderMandate): OrderRefusal[] {
  if (isExitRole(leg.role)) return [];
  const price = askedPrice(leg, order);
  if (price === "none") return [];
  const from =
    leg.order_type === "STOP_LIMIT"
      ? leg.stop_price === null
        ? null
        : dec(leg.stop_price)
      : referenceOf(leg, order);
  const away = price === null || from === null ? null : basisPoints(price, from);
  const beyond = away === null ? null : leg.side === "BUY" ? away : away.negated();
  const most = dec(bounds.max_price_beyond_percent).times(100);
  if (beyond?.lessThanOrEqualTo(most)) return [];
  return [
    outside(
      "limit_price",
      "max_price_beyond_percent",
      beyond === null
        ? "There is no market to hold the order's price to."
        : `The price is more than ${bounds.max_price_beyond_percent} % beyond the market.`,
    ),
  ];
}

/** `none`: the order has no price of its own, and takes none now. */
function askedPrice(leg: Leg, order: UnderMandate): Decimal | null | "none" {
  if (leg.limit_price !== null && !leg.order_type.startsWith("TRAIL")) return dec(leg.limit_price);
  if (leg.order_type !== "MKT") return "none";
  return isOfMarket(leg, order) ? quoted(order.market, leg.side === "BUY" ? "ask" : "bid") : null;
}

const referenceOf = (leg: Leg, order: UnderMandate): Decimal | null =>
  isOfMarket(leg, order) ? comparedPrice({ quote: order.market, waits: order.waits }) : null;

const isOfMarket = ({ contract }: Leg, { market }: UnderMandate): boolean =>
  market?.conid === contract.conid;
