import { neverByDefault } from "./broker-question.ts";
import { type Leg, principalLeg } from "./canonical-order.ts";
import { dec, decimalText } from "./decimal.ts";
import { legChanges } from "./order-changes.ts";
import {
  headline,
  isStop,
  plainly,
  priceInWords,
  rightInWords,
  targetInWords,
  timeInForceInWords,
  unitOf,
  waitsInWords,
  whatInWords,
} from "./order-words.ts";
import { quotedUnitsOf } from "./price-unit.ts";
import type { BrokerMessage, Ticket } from "./ticket.ts";

/**
 * What is signed, line by line: every term of a ticket that changes what is bought, what it may cost or
 * what it cancels. The owner's page, the PC beside its number, its notices, its log and the answer to
 * the agent all say these lines, so that what is shown is what is sent. Nothing is cut. The test beside
 * this file takes every leaf of the ticket's schema and fails for one that no words follow.
 */
export interface WordsLine {
  name: string;
  says: string;
}

/** The parts of a ticket that its words are made of. */
export type WordedTicket = Omit<Ticket, "v" | "market" | "prepared_at">;

/** The order, without the warnings. */
export function orderLines(ticket: WordedTicket): WordsLine[] {
  const { order } = ticket;
  return [
    { name: "Order", says: headline(ticket) },
    ...(ticket.waits == null ? [] : [waitsLine(ticket.waits)]),
    {
      name: "Account",
      says: `${order.account_id}, ${order.mode === "live" ? "live, real money" : "paper, no real money"}`,
    },
    { name: "Contract", says: contractInWords(principalLeg(order), ticket) },
    ...legLines(ticket),
    ...targetLines(ticket),
    ...(order.reduce_only ? [{ name: "Only", says: "it may only reduce the position" }] : []),
    ...(ticket.last_position === undefined ? [] : [lastPositionLine(ticket.last_position)]),
    ...costLines(ticket),
  ];
}

function lastPositionLine({ quantity, at }: NonNullable<Ticket["last_position"]>): WordsLine {
  return {
    name: "Position",
    says: `not known now; at ${at} it was ${quantity}. If it was closed elsewhere since, this order opens the other side`,
  };
}

/** What the broker warned of when the order was prepared, to its last word. */
export function warningLines(warnings: readonly BrokerMessage[]): WordsLine[] {
  return warnings.map((warning) => {
    const never = neverByDefault(warning);
    const id = warning.message_id === null ? "" : ` (${plainly(warning.message_id)})`;
    const asked =
      never !== null || warning.message_id === null
        ? " If the broker asks this, you are asked again."
        : "";
    return { name: "The broker warns", says: `${plainly(warning.text)}${id}${asked}` };
  });
}

/** What the broker asks, message by message; the same at the PC and on the page. */
export function questionLines(messages: readonly BrokerMessage[]): WordsLine[] {
  return messages.map((message) => {
    const id = message.message_id === null ? "" : ` (${plainly(message.message_id)})`;
    const more = neverByDefault(message);
    const meaning = more === null ? "" : ` What a yes does: ${more}`;
    return { name: "The broker asks", says: `${plainly(message.text)}${id}${meaning}` };
  });
}

/** All of it, as lines of text: `Account: DU1234567, paper, no real money`. */
export function ticketText(ticket: WordedTicket): string[] {
  return [...orderLines(ticket), ...warningLines(ticket.warnings)].map(lineText);
}

/** One line of text; the order itself needs no name before it. */
export const lineText = ({ name, says }: WordsLine): string =>
  name === "Order" ? says : `${name}: ${says}`;

function waitsLine(waits: NonNullable<Ticket["waits"]>): WordsLine {
  const session = waits.session === null ? "" : `, for the session of ${waits.session}`;
  return { name: "Waits", says: `it ${waitsInWords(waits)}${session}` };
}

const KINDS: Record<Leg["contract"]["asset_class"], string> = {
  STK: "stock or fund",
  OPT: "option",
  FUT: "future",
};

/** `265598, AAPL, stock or fund, listed on NASDAQ, in USD, routed by the broker (SMART)`. */
function contractInWords(leg: Leg, ticket: WordedTicket): string {
  const { contract } = leg;
  const { asset_class, listing_exchange, expiry, strike, right, multiplier } = contract;
  const exchange = plainly(contract.exchange);
  const unit = unitOf(leg, ticket);
  return [
    String(contract.conid),
    plainly(contract.symbol),
    KINDS[asset_class],
    ...(expiry === null ? [] : [`expires ${expiry}`]),
    ...(strike === null ? [] : [`strike ${strike}`]),
    ...(right === null ? [] : [rightInWords(right)]),
    listing_exchange === null ? "listing not known" : `listed on ${plainly(listing_exchange)}`,
    `in ${contract.currency}`,
    ...(unit === contract.currency ? [] : [`prices in ${unit}`]),
    ...(multiplier === "1" && asset_class === "STK" ? [] : [`multiplier ${multiplier}`]),
    exchange === "SMART" ? "routed by the broker (SMART)" : `sent to ${exchange} only`,
  ].join(", ");
}

const ROLES: Record<Leg["role"], string> = {
  single: "Order of it",
  entry: "Entry",
  take_profit: "Take profit",
  stop_loss: "Stop loss",
  oca_member: "One of them",
};

/** Of a bracket or a group every order by itself, with its own amount, prices, time and contract. */
function legLines(ticket: WordedTicket): WordsLine[] {
  const { legs, structure } = ticket.order;
  const [only] = legs;
  if (structure === "single" && legs.length === 1 && only?.role === "single") return [];
  const how = {
    single: "orders that stand by themselves",
    bracket: "the exits stand once the entry fills, and the first that fills ends the other",
    oca: "the first that fills ends the others",
  }[structure];
  return [
    {
      name: "Together",
      says: `${legs.length === 1 ? "1 order" : `${legs.length} orders`}: ${how}`,
    },
    ...legs.map((leg) => ({ name: ROLES[leg.role], says: legInWords(leg, ticket) })),
    ...sleepingLines(legs),
  ];
}

function legInWords(leg: Leg, ticket: WordedTicket): string {
  const { order, waits } = ticket;
  const price = priceInWords(leg, unitOf(leg, ticket));
  const own = contractInWords(leg, ticket);
  const other = own === contractInWords(principalLeg(order), ticket) ? "" : `; contract ${own}`;
  return `${whatInWords(leg)} ${price}, ${timeInForceInWords(leg, waits)}${other}`;
}

/** An exit that does not work in all the hours in which its entry may fill. */
function sleepingLines(legs: readonly Leg[]): WordsLine[] {
  const early = legs.some(({ role, outside_rth }) => role === "entry" && outside_rth);
  const asleep = legs.filter(
    ({ role, outside_rth }) => (role === "take_profit" || role === "stop_loss") && !outside_rth,
  );
  if (!early || asleep.length === 0) return [];
  const which = asleep.map(({ role }) => role.replaceAll("_", " ")).join(" and the ");
  const bare = asleep.some(({ role }) => role === "stop_loss")
    ? "; if the entry fills then, nothing stops a loss until they begin"
    : "";
  return [{ name: "Asleep", says: `the ${which} does not work outside regular hours${bare}` }];
}

/** Which order is changed or cancelled, what it does now, and what of that becomes another. */
function targetLines(ticket: WordedTicket): WordsLine[] {
  const { order } = ticket;
  const { target, action } = order;
  if (target === null) return [];
  const now = principalLeg(order);
  const before = legInWords(target.before, ticket);
  const changed = legChanges(target.before, now);
  const verb = { place: "Beside", modify: "Changes", cancel: "Cancels" }[action];
  const filled = `${target.filled_quantity} of it filled so far`;
  return [
    { name: verb, says: `${targetInWords(target)}; ${filled}` },
    ...(action === "modify" || before !== legInWords(now, ticket)
      ? [{ name: "Works now", says: before }]
      : []),
    ...(action === "modify"
      ? [{ name: "What changes", says: changed.length === 0 ? "nothing" : changed.join("; ") }]
      : []),
    ...(target.before.role === "single"
      ? []
      : [{ name: "It is", says: `the ${target.before.role.replaceAll("_", " ")} of its group` }]),
    ...(action === "cancel" && isStop(target.before)
      ? [{ name: "Protection", says: "this is a stop; what it protects stands unprotected then" }]
      : []),
  ];
}

/** What it may cost: of a purchase the most, of a sale the least that it brings. */
function costLines(ticket: WordedTicket): WordsLine[] {
  const { order, notional, base_currency, what_if } = ticket;
  if (order.action === "cancel") {
    return [{ name: "Cost", says: "nothing is bought or sold" }];
  }
  const counted =
    notional === null ? `not known, in ${base_currency}` : `${notional} ${base_currency}`;
  const commission =
    what_if === null
      ? "not known"
      : `${what_if.commission ?? "not known, in"} ${plainly(what_if.commission_currency ?? base_currency)}`;
  return [
    ...(ticket.uncovered_call === true
      ? [{ name: "No bound to the loss", says: "a call sold to open may lose any amount" }]
      : []),
    ...(principalLeg(order).side === "BUY"
      ? boughtLines(ticket, counted)
      : soldLines(ticket, counted)),
    {
      name: "Commission",
      says: `${commission}${order.structure === "bracket" ? ", of the entry" : ""}`,
    },
    ...(what_if?.error == null
      ? []
      : [{ name: "The broker would not take it", says: plainly(what_if.error) }]),
  ];
}

function boughtLines({ order, notional }: WordedTicket, counted: string): WordsLine[] {
  if (notional === null) return [{ name: "At most", says: counted }];
  const all = order.structure === "oca" ? ", all of them counted; one can fill" : "";
  return isBounded(principalLeg(order))
    ? [{ name: "At most", says: `${counted}${all}` }]
    : [{ name: "About", says: `${counted}${all}; no limit holds the price` }];
}

function soldLines(ticket: WordedTicket, counted: string): WordsLine[] {
  const { order } = ticket;
  const leg = principalLeg(order);
  const least = leastOf(leg, ticket);
  const all = order.structure === "oca" ? ", all of them counted; one can fill" : "";
  return [
    {
      name: "At least",
      says:
        least ??
        (isBounded(leg) ? "not known" : "whatever the market gives: no limit holds the price"),
    },
    { name: "Counts as", says: `${counted} at risk${all}` },
  ];
}

/** A limit that stays where it is. */
const isBounded = ({ order_type, limit_price }: Leg): boolean =>
  limit_price !== null && ["LMT", "STOP_LIMIT", "MIDPRICE"].includes(order_type);

/** Limit × quantity × multiplier, in the contract's currency; null where that is not known. */
function leastOf(leg: Leg, ticket: WordedTicket): string | null {
  const units = quotedUnitsOf(ticket);
  if (!isBounded(leg) || leg.limit_price === null || leg.quantity === null || units === null) {
    return null;
  }
  const { multiplier, currency } = leg.contract;
  const brings = dec(leg.limit_price).times(leg.quantity).times(multiplier).dividedBy(units);
  return `${decimalText(brings)} ${currency}, before commission`;
}
