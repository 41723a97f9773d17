import { type CanonicalOrder, type Contract, type Leg, principalLeg } from "./canonical-order.ts";
import { dayInWords, momentInWords } from "./opening-words.ts";
import type { Ticket, Waits } from "./ticket.ts";

/** Orders in plain words, made of canonical fields alone: nothing an agent or a broker wrote is in them. */

/** `Buy 1 AAPL at 187.25 USD or less, today only`. */
export function orderInWords({ order, waits }: Pick<Ticket, "order" | "waits">): string {
  const leg = principalLeg(order);
  const until = waits == null || order.action === "cancel" ? "" : `; ${waitsInWords(waits)}`;
  const verb =
    order.action === "cancel" ? "Cancel: " : order.action === "modify" ? "Change to: " : "";
  if (order.structure === "oca") {
    const ways = order.legs.map(priceInWords).join(", or ");
    return `${verb}${whatInWords(leg)} ${ways}, ${timeInForceInWords(leg, waits)}; the first that fills ends the others${until}`;
  }
  return `${verb}${whatInWords(leg)} ${priceInWords(leg)}, ${timeInForceInWords(leg, waits)}${exitsInWords(order)}${until}`;
}

/** `Buy 1 AAPL`. */
export function whatInWords(leg: Leg): string {
  return `${leg.side === "BUY" ? "Buy" : "Sell"} ${amountInWords(leg)} ${instrumentInWords(leg)}`;
}

/** `10`, or `500 USD worth of` where an amount of money is ordered; `?` for what is not known. */
export function amountInWords({ quantity, cash_quantity, contract }: Leg): string {
  if (quantity !== null) return quantity;
  return `${cash_quantity ?? "?"} ${contract.currency} worth of`;
}

/** Where a US share in dollars is looked for: there a symbol means one share. */
const HOME_LISTINGS: readonly string[] = ["NASDAQ", "NYSE", "ARCA", "AMEX", "BATS", "IEX"];

/**
 * ` (listed on EBS)`, where the symbol and the currency do not say it: the same letters stand for other
 * shares, or for the same one at another price, on other exchanges.
 */
export function listingInWords({
  asset_class,
  listing_exchange,
  currency,
}: Pick<Contract, "asset_class" | "listing_exchange" | "currency">): string {
  if (asset_class !== "STK" || listing_exchange === null) return "";
  // The name is the broker's: it may say where, and nothing else.
  if (!/^[A-Za-z0-9.]+$/.test(listing_exchange)) return "";
  // The broker also writes the market within the exchange: NASDAQ.NMS.
  const [exchange = ""] = listing_exchange.split(".");
  const obvious = currency === "USD" && HOME_LISTINGS.includes(exchange);
  return obvious ? "" : ` (listed on ${listing_exchange})`;
}

/** `AAPL`, or a share, an option or a future with what tells it from others. */
export function instrumentInWords({ contract }: Leg): string {
  const { symbol, expiry, strike, right } = contract;
  switch (contract.asset_class) {
    case "STK":
      return `${symbol}${listingInWords(contract)}`;
    case "OPT":
      return `${symbol} ${expiry ?? "?"} ${strike ?? "?"} ${right === "C" ? "call" : "put"}`;
    case "FUT":
      return `${symbol} future ${expiry ?? "?"}`;
  }
}

/**
 * The price terms as a person reads them, in the contract's currency; `?` for what is not known.
 */
export function priceInWords(leg: Leg): string {
  const { currency } = leg.contract;
  const bound = leg.side === "BUY" ? "or less" : "or more";
  const limit = leg.limit_price === null ? "?" : `${leg.limit_price} ${currency}`;
  const stop = leg.stop_price === null ? "?" : `${leg.stop_price} ${currency}`;
  const trail =
    leg.trailing === null
      ? "?"
      : leg.trailing.unit === "percent"
        ? `${leg.trailing.offset} %`
        : `${leg.trailing.offset} ${currency}`;
  switch (leg.order_type) {
    case "LMT":
      return `at ${limit} ${bound}`;
    case "MKT":
      return "at whatever the market gives";
    case "STP":
      return `at the market once ${stop} is reached`;
    case "STOP_LIMIT":
      return `at ${limit} ${bound}, once ${stop} is reached`;
    case "TRAIL":
      return `at the market once the price turns by ${trail}`;
    case "TRAILLMT":
      return `with a limit that trails by ${trail}, from a stop of ${stop}`;
    case "MIDPRICE":
      return leg.limit_price === null ? "at the midpoint" : `at the midpoint, ${limit} ${bound}`;
  }
}

const TIMES = {
  DAY: "today only",
  GTC: "until cancelled",
  OPG: "at the opening only",
  IOC: "at once or not at all",
} as const;

/** An order for the day that waits is for the day it waits for, not for today. */
export function timeInForceInWords(leg: Leg, waits: Waits | null | undefined = null): string {
  const day = waits?.session ?? null;
  const time =
    leg.time_in_force === "DAY" && day !== null
      ? `for the session of ${dayInWords(day)} only`
      : TIMES[leg.time_in_force];
  return `${time}${leg.outside_rth ? ", also outside regular hours" : ""}`;
}

/** `waits at the broker for the open, Mon 30 Nov 09:30 New York (15:30 Berlin)`. */
export function waitsInWords({ until, time_zone, owner_zone = null }: Waits): string {
  return `waits at the broker for the open, ${momentInWords(until, time_zone, owner_zone)}`;
}

function exitsInWords(order: CanonicalOrder): string {
  const words = order.legs.flatMap((leg) =>
    leg.role === "take_profit"
      ? [`take profit ${priceInWords(leg)}`]
      : leg.role === "stop_loss"
        ? [`stop loss ${priceInWords(leg)}`]
        : [],
  );
  return words.length === 0 ? "" : `; then ${words.join(", or ")}`;
}
