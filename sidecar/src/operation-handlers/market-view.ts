import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import {
  type CompletedSession,
  dayIn,
  type MarketState,
  marketStateAt,
} from "@ibkr-edge-gateway/protocol/market/market-state.ts";
import {
  type NoReference,
  type PriceFacts,
  type ReferenceFinding,
  referencePrice,
} from "@ibkr-edge-gateway/protocol/market/reference-price.ts";
import {
  regularSpan,
  type TradingSchedule,
  wholeSpan,
} from "@ibkr-edge-gateway/protocol/market/trading-schedule.ts";
import type { SecDef } from "../client-portal/endpoints/contracts.ts";
import { historyOf } from "../client-portal/endpoints/history.ts";
import { FIELD_IDS, type SnapshotRow } from "../client-portal/endpoints/quotes.ts";
import { tradingSchedule } from "../client-portal/endpoints/trading-schedule.ts";
import { pastSession } from "./completed-session.ts";
import type { OperationContext } from "./operation-context.ts";
import { availabilityOf, figureOf, readField } from "./quote-fields.ts";

/** A contract's market now: its state, and the price it may be judged by. */
export interface MarketView {
  schedule: TradingSchedule | null;
  state: MarketState;
  facts: PriceFacts;
  reference: ReferenceFinding;
}

/** The fields a view needs in the row it is made of. */
export const VIEW_FIELDS = ["last", "prior_close"] as const;

/**
 * @param closes `when_needed` asks the broker for daily bars only where the quote alone cannot date
 *   its price; `always` proves that the contract traded in the session; `never` costs no request;
 *   `proved` is for orders: a last price of a session that is over counts only where its own time
 *   or the daily bars prove that it was made in it
 */
export async function readMarketView(
  context: OperationContext,
  conid: number,
  row: SnapshotRow | undefined,
  fact: SecDef | undefined,
  closes: "when_needed" | "always" | "never" | "proved" = "when_needed",
): Promise<MarketView> {
  const schedule = await readSchedule(context, conid);
  const view = viewFrom(context.clock.now(), schedule, row, fact, null);
  if (schedule === null || closes === "never") return view;
  const dated = closes === "when_needed" || (closes === "proved" && datesItself(view));
  if (dated && !needsCloses(view)) return view;
  const proof = await readProof(context, conid, schedule, view.state);
  const proved = viewFrom(context.clock.now(), schedule, row, fact, proof);
  return closes === "proved" ? onlyProved(proved) : proved;
}

/**
 * Whether a last price is of its session by the quote's own time. While nothing trades the broker's
 * time of a row may be that of the answer: it dates the price only where it lies in the session.
 */
function datesItself({ state, facts, reference: { price } }: MarketView): boolean {
  if (price?.source !== "frozen_last" || price.session_date === state.session_date) return true;
  const ended = state.last_session?.trading_ended_at ?? null;
  return facts.quotedAtMs !== null && ended !== null && facts.quotedAtMs <= Date.parse(ended);
}

/** Without daily bars a price that does not date itself is of no known session. */
export function onlyProved(view: MarketView): MarketView {
  if (view.facts.dailyCloses !== null || datesItself(view)) return view;
  return { ...view, reference: { price: null, why: "session_not_proved" } };
}

/** The contract's schedule; null when the broker did not give one. */
export async function readSchedule(
  context: OperationContext,
  conid: number,
): Promise<TradingSchedule | null> {
  return (await orNull(context.ask(tradingSchedule(conid))))?.value ?? null;
}

export function viewFrom(
  nowMs: number,
  schedule: TradingSchedule | null,
  row: SnapshotRow | undefined,
  fact: SecDef | undefined,
  proof: MarketProof | null,
): MarketView {
  const text = row?.fields.get(FIELD_IDS.last);
  const read = text === undefined ? null : readField(text);
  const price = figureOf("last", read?.value ?? null, fact);
  const prior = row?.fields.get(FIELD_IDS.prior_close);
  const priorClose = figureOf(
    "prior_close",
    prior === undefined ? null : readField(prior).value,
    fact,
  );
  const facts: PriceFacts = {
    last:
      read === null || price === null
        ? null
        : { price, mark: read.kind === "value" ? "none" : read.kind },
    priorClose,
    availability: availabilityOf(
      row?.availabilityCode ?? null,
      price !== null || priorClose !== null,
    ),
    // A clock that runs ahead does not make a price newer than now.
    quotedAtMs: row?.updatedAt == null ? null : Math.min(row.updatedAt, nowMs),
    dailyCloses:
      proof?.closes?.map(({ day, close }) => ({
        day,
        close: figureOf("close", close, fact) ?? close,
      })) ?? null,
  };
  const seen = marketStateAt(schedule, nowMs, { halted: facts.last?.mark === "halted" });
  const state = { ...seen, last_session: seen.last_session ?? proof?.session ?? null };
  return { schedule, state, facts, reference: referencePrice(state, facts) };
}

/** Where the quote has no dated price, or a halt may have lasted for days. */
export function needsCloses({ state, facts, reference }: MarketView): boolean {
  if (state.state === "unknown") return false;
  return reference.price === null || facts.last?.mark === "halted";
}

/** What bars prove beyond the quote and the schedule. */
export interface MarketProof {
  /** Closes of regular sessions by trading day; null when the broker gave no bars. */
  closes: PriceFacts["dailyCloses"];
  /** The latest completed session, where the schedule does not reach back to it. */
  session: CompletedSession | null;
}

export async function readProof(
  context: OperationContext,
  conid: number,
  schedule: TradingSchedule,
  state: MarketState,
): Promise<MarketProof> {
  const [closes, session] = await Promise.all([
    readDailyCloses(context, conid, schedule),
    state.last_session === null ? readPastSession(context, conid, schedule, state) : null,
  ]);
  return { closes, session };
}

async function readPastSession(
  context: OperationContext,
  conid: number,
  schedule: TradingSchedule,
  state: MarketState,
): Promise<CompletedSession | null> {
  const bars = await orNull(
    context.ask(historyOf({ conid, period: "2d", bar: "5min", outsideRth: false })),
  );
  return bars === null ? null : pastSession(bars.value, schedule, state, context.clock.now());
}

const DAYS_BACK = 5;

/** The closes of the last regular sessions, by trading day; null when the broker gave no bars. */
async function readDailyCloses(
  context: OperationContext,
  conid: number,
  schedule: TradingSchedule,
): Promise<{ day: string; close: string }[] | null> {
  const answer = await orNull(
    context.ask(historyOf({ conid, period: `${DAYS_BACK}d`, bar: "1d", outsideRth: false })),
  );
  if (answer === null) return null;
  return answer.value.data.flatMap(({ t, c }) => {
    const day = t === null ? null : tradingDayOf(t, schedule);
    return day === null || c === null ? [] : [{ day, close: c }];
  });
}

/** A day's bar begins with its trading, which may be on the evening before. */
function tradingDayOf(atMs: number, schedule: TradingSchedule): string | null {
  for (const span of [regularSpan, wholeSpan]) {
    const found = schedule.days.find((day) => {
      const hours = span(day);
      return hours !== null && hours.from <= atMs && atMs < hours.to;
    });
    if (found !== undefined) return found.day;
  }
  return dayIn(atMs, schedule.timeZone);
}

/** What the absence of a reference price means, for a reader. */
export const NO_REFERENCE_WORDS: Record<NoReference, string> = {
  no_price: "The broker gave no price.",
  no_schedule: "No price can be dated without the contract's trading hours.",
  no_time: "The broker gave no time for its price.",
  older_session: "The last price is older than the last completed session.",
  session_not_proved: "Which session the price is of could not be proved.",
};

/** A fact that may be missing: null instead of the failure. */
async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (thrown) {
    if (thrown instanceof GatewayError) return null;
    throw thrown;
  }
}
