import { stateInWords } from "@ibkr-edge-gateway/protocol/market/market-words.ts";
import type {
  LastPriceAge,
  Quote,
  QuoteFigures,
} from "@ibkr-edge-gateway/protocol/operation-schemas/market-snapshot.ts";
import { isoTime } from "../client-portal/clock.ts";
import { type MarketView, NO_REFERENCE_WORDS } from "./market-view.ts";

/** A quote with the state of its market: how old its last price is and why, and what to judge by. */
export function quoteInMarket(
  quote: QuoteFigures,
  view: MarketView,
  ownerZone: string | null,
): Quote {
  const { state, reference } = view;
  const last = lastPrice(view);
  return {
    ...quote,
    quote_at: timeOfQuote(quote.quote_at, view),
    market: {
      state: state.state,
      closes_at: state.closes_at,
      next_open: state.next_open,
      session_date: state.session_date,
      last_session_date: state.last_session?.date ?? null,
    },
    last_price: last,
    reference_price: reference.price,
    note: noteOf(view, last, ownerZone),
  };
}

/** While nothing trades, the broker's time of a row may be that of the answer: no quote is younger than trading. */
function timeOfQuote(at: string | null, { state }: MarketView): string | null {
  const ended = state.last_session?.trading_ended_at ?? null;
  if (at === null || ended === null || state.session_date !== null) return at;
  return Date.parse(at) > Date.parse(ended) ? ended : at;
}

function lastPrice(view: MarketView): Quote["last_price"] {
  const { facts, reference, state } = view;
  const { last, priorClose } = facts;
  if (last === null || last.mark === "prior_close") {
    const price = last?.price ?? priorClose;
    if (price === null) return null;
    const dated = reference.price?.source === "prior_close" ? reference.price.at : null;
    return { price, age: "prior_close", at: dated };
  }
  const age = ageOf(view, last.mark === "halted");
  const ofQuote = facts.quotedAtMs === null ? null : isoTime(facts.quotedAtMs);
  const at =
    reference.price?.price === last.price
      ? reference.price.at
      : age === "frozen" || state.state === "closed"
        ? null
        : ofQuote;
  return { price: last.price, age, at };
}

function ageOf({ facts, reference, state }: MarketView, halted: boolean): LastPriceAge {
  if (halted || state.state === "halted") return "halted";
  if (facts.availability === "frozen" || state.state === "closed") return "frozen";
  if (reference.price?.source === "frozen_last") return "frozen";
  return facts.availability === "live" || facts.availability === "delayed"
    ? facts.availability
    : "unknown";
}

const AGE_WORDS: Record<LastPriceAge, string | null> = {
  live: null,
  delayed: "The figures are delayed by 15 to 20 minutes.",
  frozen: "The last price is frozen: it was made in a session that is over.",
  prior_close: "There is no trade of this session; the last price is a previous close.",
  halted: "The last price is from before the halt.",
  unknown: "The broker did not say whether the figures are live or delayed.",
};

function noteOf(
  view: MarketView,
  last: Quote["last_price"],
  ownerZone: string | null,
): string | null {
  const { state, reference } = view;
  const said = [
    state.state === "open" ? null : stateInWords(state, ownerZone),
    last === null ? null : AGE_WORDS[last.age],
    reference.why === null ? null : `No reference price: ${NO_REFERENCE_WORDS[reference.why]}`,
  ].filter((words) => words !== null);
  return said.length === 0 ? null : said.join(" ");
}
