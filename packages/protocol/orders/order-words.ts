import type { CanonicalOrder, Contract, Leg, TargetOrder } from "./canonical-order.ts";
import { principalLeg } from "./canonical-order.ts";
import { dayInWords, momentInWords } from "./instant-words.ts";
import { quotedUnitsPer } from "./price-unit.ts";
import type { Ticket, Waits } from "./ticket.ts";

/**
 * Orders in plain words, made of canonical fields alone: nothing an agent wrote is in them, and what
 * the broker named is spelled so that nothing in it moves a cursor or hides. The phrases of one leg;
 * what is signed as a whole, line by line, is in `signed-words.ts`.
 */
export type Worded = Pick<Ticket, "order" | "waits" | "price_magnifier">;

/** `Buy 1 AAPL at 187.25 USD or less, today only`: the headline of a list or a page. */
export function orderInWords(ticket: Worded): string {
  const { order, waits } = ticket;
  const until = waits == null || order.action === "cancel" ? "" : `; ${waitsInWords(waits)}`;
  return `${headline(ticket)}${until}`;
}

/** The same without what it waits for. */
export function headline(ticket: Worded): string {
  const { order, waits } = ticket;
  const leg = principalLeg(order);
  const price = (one: Leg): string => priceInWords(one, unitOf(one, ticket));
  const time = timeInForceInWords(leg, waits);
  if (order.structure !== "oca") {
    return `${verbOf(order)}${whatInWords(leg)} ${price(leg)}, ${time}${exitsInWords(order, price)}`;
  }
  const alike = order.legs.every(
    (one) => whatInWords(one) === whatInWords(leg) && timeInForceInWords(one, waits) === time,
  );
  const ways = alike
    ? `${whatInWords(leg)} ${order.legs.map(price).join(", or ")}, ${time}`
    : order.legs
        .map((one) => `${whatInWords(one)} ${price(one)}, ${timeInForceInWords(one, waits)}`)
        .join(", or ");
  return `${verbOf(order)}${ways}; the first that fills ends the others`;
}

function verbOf({ action, target }: CanonicalOrder): string {
  const which = target === null ? "" : ` order ${target.order_id}`;
  return action === "cancel"
    ? `Cancel${which}: `
    : action === "modify"
      ? `Change${which} to: `
      : "";
}

/** `Buy 1 AAPL`. */
export function whatInWords(leg: Leg): string {
  return `${leg.side === "BUY" ? "Buy" : "Sell"} ${amountInWords(leg)} ${instrumentInWords(leg)}`;
}

/** `10`, or `500 USD worth of` where an amount of money is ordered; `?` for what is not known. */
function amountInWords({ quantity, cash_quantity, contract }: Leg): string {
  const worth = `${cash_quantity ?? "?"} ${contract.currency} worth of`;
  if (quantity === null) return worth;
  return cash_quantity === null ? quantity : `${quantity} and ${worth}`;
}

/** Where a US share in dollars is looked for: there a symbol means one share. */
const HOME_LISTINGS: readonly string[] = ["NASDAQ", "NYSE", "ARCA", "AMEX", "BATS", "IEX"];

/**
 * ` (listed on EBS)`, where the symbol and the currency do not say it: the same letters stand for other
 * shares, or for the same one at another price, on other exchanges.
 */
function listingInWords({
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
function instrumentInWords({ contract }: Leg): string {
  const { expiry, strike } = contract;
  const symbol = plainly(contract.symbol);
  switch (contract.asset_class) {
    case "STK":
      return `${symbol}${listingInWords(contract)}`;
    case "OPT":
      return `${symbol} ${expiry ?? "?"} ${strike ?? "?"} ${rightInWords(contract.right)}`;
    case "FUT":
      return `${symbol} future ${expiry ?? "?"}`;
  }
}

/** `call`, `put`, or `?` for what is not known. */
export const rightInWords = (right: Contract["right"]): string =>
  right === "C" ? "call" : right === "P" ? "put" : "?";

/**
 * The unit that prices are in: `USD`, or `hundredths of GBP` where the broker quotes in pence. Where
 * nothing says which, the words do not choose one.
 */
export function unitOf({ contract }: Leg, { order, price_magnifier }: Worded): string {
  const read = contract.conid === principalLeg(order).contract.conid ? price_magnifier : undefined;
  const units = quotedUnitsPer(contract, read);
  const { currency } = contract;
  if (units === null) return `${currency} (or a part of it: the unit is not known)`;
  if (units.equals(1)) return currency;
  return units.equals(100) ? `hundredths of ${currency}` : `1/${units.toFixed()} of ${currency}`;
}

type PriceTerm = "limit_price" | "stop_price" | "trailing";

const TERMS: Record<Leg["order_type"], readonly PriceTerm[]> = {
  LMT: ["limit_price"],
  MKT: [],
  STP: ["stop_price"],
  STOP_LIMIT: ["limit_price", "stop_price"],
  TRAIL: ["stop_price", "trailing"],
  TRAILLMT: ["limit_price", "stop_price", "trailing"],
  MIDPRICE: ["limit_price"],
};

/**
 * The price terms as a person reads them, every one that is set; `?` for what is not known.
 * @param unit of the prices, as {@link unitOf} says it
 */
export function priceInWords(leg: Leg, unit: string): string {
  const limit = leg.limit_price === null ? "?" : `${leg.limit_price} ${unit}`;
  const stop = leg.stop_price === null ? "?" : `${leg.stop_price} ${unit}`;
  const trail =
    leg.trailing === null
      ? "?"
      : `${leg.trailing.offset} ${leg.trailing.unit === "percent" ? "%" : unit}`;
  const said: Record<PriceTerm, string> = {
    limit_price: `a limit of ${limit}`,
    stop_price: `a stop of ${stop}`,
    trailing: `a trailing offset of ${trail}`,
  };
  const idle = (["limit_price", "stop_price", "trailing"] as const)
    .filter((term) => leg[term] !== null && !TERMS[leg.order_type].includes(term))
    .map((term) => said[term]);
  const rest = idle.length === 0 ? "" : ` (with ${idle.join(" and ")}, of no use to this type)`;
  return `${typeInWords(leg, { limit, stop, trail })}${rest}`;
}

function typeInWords(leg: Leg, to: { limit: string; stop: string; trail: string }): string {
  const bound = leg.side === "BUY" ? "or less" : "or more";
  switch (leg.order_type) {
    case "LMT":
      return `at ${to.limit} ${bound}`;
    case "MKT":
      return "at whatever the market gives";
    case "STP":
      return `at the market once ${to.stop} is reached`;
    case "STOP_LIMIT":
      return `at ${to.limit} ${bound}, once ${to.stop} is reached`;
    case "TRAIL": {
      const first = leg.stop_price === null ? "" : `, at first at ${to.stop}`;
      return `at the market once the price turns by ${to.trail}${first}`;
    }
    case "TRAILLMT":
      return `at ${to.limit} ${bound} at first, once ${to.stop} is reached at first; both trail by ${to.trail}`;
    case "MIDPRICE":
      return leg.limit_price === null ? "at the midpoint" : `at the midpoint, ${to.limit} ${bound}`;
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

/** A stop by any of its names: taken off, what it protects stands unprotected. */
export const isStop = (leg: Pick<Leg, "stop_price" | "trailing">): boolean =>
  leg.stop_price !== null || leg.trailing !== null;

/** `order 501 at the broker, placed elsewhere and not through this gateway`. */
export function targetInWords({ order_id, order_ref, foreign }: TargetOrder): string {
  const ref =
    order_ref === null ? "without a reference" : `with the reference ${plainly(order_ref)}`;
  const where = foreign ? "placed elsewhere and not through this gateway" : "of this gateway";
  return `order ${order_id} at the broker, ${where}, ${ref}`;
}

/**
 * Text that somebody else wrote, on one line and with nothing in it that a terminal or an eye could be
 * fooled by: what is not to be seen is spelled as `U+202E`, so that no two texts look alike by it.
 */
export function plainly(text: string): string {
  return text
    .replace(/\r?\n/g, " ")
    .replace(
      /[\p{C}\p{Zl}\p{Zp}]/gu,
      (one) => `U+${(one.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`,
    );
}

function exitsInWords(order: CanonicalOrder, price: (leg: Leg) => string): string {
  if (order.structure !== "bracket") return "";
  const words = order.legs.flatMap((leg) =>
    leg.role === "take_profit"
      ? [`take profit ${price(leg)}`]
      : leg.role === "stop_loss"
        ? [`stop loss ${price(leg)}`]
        : [],
  );
  return words.length === 0 ? "" : `; then ${words.join(", or ")}`;
}
