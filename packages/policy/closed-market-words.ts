import {
  type CanonicalOrder,
  type Leg,
  principalLeg,
} from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { dayInWords, momentInWords } from "@ibkr-edge-gateway/protocol/orders/instant-words.ts";
import type { InstrumentFact } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";

/** What is said, and asked, of an order whose market does not trade now. */

/** `The US stock market is closed (opens Mon 30 Nov 09:30 New York).` */
export function closedInWords(order: CanonicalOrder, instrument: InstrumentFact): string {
  const opens =
    instrument.opens_at === null
      ? "nobody knows until when"
      : `opens ${openingInWords(instrument, instrument.opens_at)}`;
  return `${marketInWords(principalLeg(order), instrument)} is ${stateInWords(instrument)} (${opens}).`;
}

/** In the exchange's zone and in the owner's. */
export const openingInWords = ({ market, waits }: InstrumentFact, opensAt: string): string =>
  momentInWords(opensAt, market?.time_zone ?? null, waits?.owner_zone ?? null);

/** The zones of the United States' exchanges, as the broker writes them. */
const US_ZONES = /^(US\/|America\/(New_York|Chicago)$|EST5EDT$|CST6CDT$)/;

/** Where it is by the exchange's zone: a currency is of no place. */
function marketInWords({ contract }: Leg, { market }: InstrumentFact): string {
  const kind = { STK: "stock", OPT: "options", FUT: "futures" }[contract.asset_class];
  const country = US_ZONES.test(market?.time_zone ?? "") ? "US " : "";
  return `The ${country}${kind} market`;
}

function stateInWords({ market }: InstrumentFact): string {
  switch (market?.state) {
    case "pre_market":
      return "not open yet: it is in pre-market trading";
    case "after_hours":
      return "closed for regular trading: it is after hours";
    case "overnight":
      return "closed for regular trading: it is in overnight trading";
    default:
      return "closed";
  }
}

/** The day of the latest completed session, as the exchange's calendar has it; null when not known. */
export const latestSession = (instrument: InstrumentFact | null): string | null =>
  instrument?.market?.last_session?.date ?? null;

/** `Fri 27 Nov`, or what is said when nobody knows. */
export const sessionInWords = (day: string | null): string =>
  day === null ? "an unknown day" : dayInWords(day);

/** The legs that open something; a bracket's exits stand only once its entry has filled. */
export const openingLegs = ({ legs }: CanonicalOrder): Leg[] =>
  legs.filter(({ role }) => role !== "take_profit" && role !== "stop_loss");
