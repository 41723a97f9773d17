import { Decimal, dec, decimalText } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { effectOf } from "@ibkr-edge-gateway/protocol/orders/effect.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type {
  Effect,
  PositionFact,
  TicketQuote,
  WorkingOrderFact,
} from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { isoTime } from "../../client-portal/clock.ts";
import type { CapsFile } from "../../trust/limits/caps.ts";
import type { KeptPreview } from "../journal/previews.ts";
import { FACT_AGES, type Fact, knownAt } from "./dated-fact.ts";
import { datedRates, type RateTable } from "./market-and-account-reads.ts";
import { orderValue } from "./order-value.ts";
import type { Facts, OrderHours } from "./submit-context.ts";

/** This PC's own reads about an order, each with its time. What was not answered is null. */
export interface Seen {
  market: Fact<TicketQuote> | null;
  hours: Fact<OrderHours> | null;
  rates: Fact<RateTable> | null;
  positions: Fact<PositionFact[]> | null;
  /** What may take from the position before this order does. */
  taking: Fact<WorkingOrderFact[]> | null;
  /** The account's result of the day, in its base currency. */
  dailyPnl: Fact<string> | null;
}

const NO_HOURS: OrderHours = { tradable_now: null, waits: null };

/** What of them decides at this moment: a read that has grown too old is not known any more. */
export function factsAt(
  seen: Seen,
  { ticket }: Pick<KeptPreview, "ticket">,
  around: {
    base: string | null;
    caps: CapsFile;
    nowMs: number;
    /** What else makes an exit of it while the position is not known. */
    otherwise?: (market: TicketQuote | null) => Effect | null;
  },
): Facts {
  const { nowMs } = around;
  const market = knownAt(seen.market, FACT_AGES.marketMs, nowMs);
  const positions = knownAt(seen.positions, FACT_AGES.positionsMs, nowMs);
  const taking = knownAt(seen.taking, FACT_AGES.workingMs, nowMs);
  const readAt = Math.min(seen.positions?.at ?? 0, seen.taking?.at ?? 0);
  const effect =
    effectOf(ticket.order, positions, taking, isoTime(readAt)) ??
    around.otherwise?.(market) ??
    null;
  const value = orderValue(ticket, { market, effect, ...around, rates: datedRates(seen.rates) });
  return {
    market,
    hours: knownAt(seen.hours, FACT_AGES.hoursMs, nowMs) ?? NO_HOURS,
    effect,
    ...value,
    notional: larger(value.notional, ticket.notional),
    dailyPnl: knownAt(seen.dailyPnl, FACT_AGES.dailyPnlMs, nowMs),
  };
}

/**
 * What an order that may open a position cannot be judged without. An exit, by the reads of this
 * moment, is judged by what is known. So is one that was an exit at the preview and whose position
 * cannot be read now: as an entry, by all the rest.
 */
export function unknownFaults(
  seen: Seen,
  { effect }: Pick<Facts, "effect">,
  preview: Pick<KeptPreview, "ticket" | "usage">,
  nowMs: number,
): OrderRefusal[] {
  if (effect?.kind === "exit" || preview.ticket.order.action === "cancel") return [];
  const wasExit = preview.usage?.effect === "exit";
  const judged = [
    ["The market", "market", seen.market, FACT_AGES.marketMs],
    ["The market's hours", "hours", seen.hours, FACT_AGES.hoursMs],
    ["The day's profit and loss", "daily_pnl", seen.dailyPnl, FACT_AGES.dailyPnlMs],
    ...(wasExit
      ? []
      : ([
          ["The position", "position", seen.positions, FACT_AGES.positionsMs],
          ["The working orders", "working", seen.taking, FACT_AGES.workingMs],
        ] as const)),
  ] as const;
  return judged.flatMap(([name, field, fact, maxAgeMs]) =>
    knownAt<unknown>(fact, maxAgeMs, nowMs) !== null
      ? []
      : [
          refusal(
            "BROKER_BACKEND_UNAVAILABLE",
            field,
            "known_now",
            `${name} ${fact === null ? "could not be read and proved" : `was read ${Math.round(Math.abs(nowMs - fact.at) / 1_000)} s ago, and may be ${maxAgeMs / 1_000} s old at most`}. Nothing was sent; submit again.`,
          ),
        ],
  );
}

/** Unknown is larger than any number. */
export function larger(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return null;
  return decimalText(Decimal.max(dec(a), dec(b)));
}
