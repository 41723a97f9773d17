import { activationAt } from "@ibkr-edge-gateway/protocol/market/activation.ts";
import { marketStateAt } from "@ibkr-edge-gateway/protocol/market/market-state.ts";
import { quotesSides } from "@ibkr-edge-gateway/protocol/market/quote-sides.ts";
import {
  type PriceFacts,
  referencePrice,
} from "@ibkr-edge-gateway/protocol/market/reference-price.ts";
import type { TradingSchedule } from "@ibkr-edge-gateway/protocol/market/trading-schedule.ts";
import type { InstrumentFact, TicketQuote } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { readNow, type Tweak } from "./policy.ts";

/** New York around the weekend before the fixture's Friday: its sessions, and what is read in them. */
const seconds = (at: string) => Date.parse(at) / 1_000;

export const NEW_YORK: TradingSchedule = {
  timeZone: "America/New_York",
  days: ["2026-11-18", "2026-11-19", "2026-11-20", "2026-11-23", "2026-11-24"].map((day) => ({
    day,
    regular: [{ opening: seconds(`${day}T14:30:00Z`), closing: seconds(`${day}T21:00:00Z`) }],
    extended: [
      { opening: seconds(`${day}T09:00:00Z`), closing: seconds(`${day}T21:00:00Z`) + 4 * 3_600 },
    ],
  })),
};
/** Instants of that calendar. */
export const AT = {
  open: "2026-11-20T15:00:00.000Z",
  saturday: "2026-11-21T15:00:00.000Z",
  night: "2026-11-20T04:00:00.000Z",
  pre_market: "2026-11-23T12:00:00.000Z",
  after_hours: "2026-11-20T22:00:00.000Z",
  minutes_to_close: "2026-11-20T20:58:00.000Z",
  minutes_to_open: "2026-11-23T14:27:00.000Z",
} as const;

/** The hours as the PC reads them for an order at an instant. */
export function hoursAt(
  at: string,
  outsideRth = false,
  schedule: TradingSchedule | null = NEW_YORK,
): Pick<InstrumentFact, "tradable_now" | "regular_hours" | "opens_at" | "market" | "waits" | "at"> {
  const ms = Date.parse(at);
  const market = marketStateAt(schedule, ms);
  const { active_now, active_at, session_date } = activationAt(schedule, ms, outsideRth);
  return {
    tradable_now: active_now,
    regular_hours: market.state === "unknown" ? null : market.state === "open",
    opens_at: active_at,
    market,
    waits:
      active_at === null
        ? null
        : {
            until: active_at,
            time_zone: market.time_zone,
            owner_zone: null,
            session: session_date,
          },
    at,
  };
}

/** A quote as the PC reads it at an instant, dated by the calendar. */
export function quoteAt(
  at: string,
  over: Partial<Omit<TicketQuote, "reference">> & Pick<TicketQuote, "conid">,
  facts: Partial<PriceFacts> = {},
  schedule: TradingSchedule | null = NEW_YORK,
): TicketQuote {
  const quote = {
    bid: null,
    ask: null,
    last: "187.25",
    prior_close: "186",
    availability: "frozen" as const,
    halted: false,
    at,
    ...over,
  };
  const state = marketStateAt(schedule, Date.parse(at), { halted: quote.halted });
  const { price } = referencePrice(state, {
    last: quote.last === null ? null : { price: quote.last, mark: "none" },
    priorClose: quote.prior_close,
    availability: quote.availability,
    quotedAtMs: quote.at === null ? null : Date.parse(quote.at),
    dailyCloses: null,
    ...facts,
  });
  const sides = quotesSides(state.state, quote.availability, price);
  const shown = sides ? {} : { bid: null, ask: null };
  return { ...quote, ...shown, reference: price };
}

/** The good order on a Saturday: what is known of its market is Friday's last price. */
export const onSaturday: Tweak = (draft) => {
  const { s } = draft;
  s.now = AT.saturday;
  s.ticket.prepared_at = AT.saturday;
  if (s.facts.instrument !== null) Object.assign(s.facts.instrument, hoursAt(AT.saturday));
  s.ticket.waits = hoursAt(AT.saturday).waits ?? null;
  const quote = quoteAt(AT.saturday, { conid: s.ticket.order.legs[0]?.contract.conid ?? 0 });
  s.ticket.market = quote;
  s.edge.market_now = structuredClone(quote);
  readNow(draft);
  s.edge.preview = { expires_at: "2026-11-21T15:05:00.000Z", generation: 4 };
  if (s.edge.approval !== null) s.edge.approval.expires_at = "2026-11-21T15:05:00.000Z";
};
