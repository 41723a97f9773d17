import { Decimal } from "decimal.js";
import * as z from "zod";
import {
  type Availability,
  Day,
  DecimalText,
  Timestamp,
} from "../operation-schemas/field-types.ts";
import type { CompletedSession, MarketState } from "./market-state.ts";

/**
 * The price that a contract may be judged by when nobody asks who quotes it now: which price it is,
 * of which trading day, from when. A price of an older day than the latest completed session is none.
 */
export const REFERENCE_SOURCES = [
  /** The last trade of the session in progress, in real time. */
  "live_last",
  /** The same, as the broker's delayed feed shows it. */
  "delayed_last",
  /** The same, where the broker did not say whether its feed is live or delayed. */
  "unmarked_last",
  /** The last trade of the latest completed session, or of today's before a break. */
  "frozen_last",
  /** The last trade before a halt. */
  "halted_last",
  /** The previous day's close in the quote, which is provably that of the latest completed session. */
  "prior_close",
  /** The close of the latest completed session from the daily bars. */
  "session_close",
] as const;
export const ReferenceSource = z.enum(REFERENCE_SOURCES);
export type ReferenceSource = z.infer<typeof ReferenceSource>;

export const ReferencePrice = z.strictObject({
  price: DecimalText,
  source: ReferenceSource,
  /** The trading day it belongs to, in the exchange's zone. */
  session_date: Day,
  /** When it was made; for a price of a completed session: the end of that trading, at the latest. */
  at: Timestamp,
});
export type ReferencePrice = z.infer<typeof ReferencePrice>;

/** Why there is no reference price. */
export const NO_REFERENCE = [
  "no_price",
  "no_schedule",
  "no_time",
  "older_session",
  "session_not_proved",
] as const;
export type NoReference = (typeof NO_REFERENCE)[number];

export type ReferenceFinding =
  | { price: ReferencePrice; why: null }
  | { price: null; why: NoReference };

export interface PriceFacts {
  /** The last price, and what stood before it: `C` prior close, `H` halted. */
  last: { price: string; mark: "none" | "prior_close" | "halted" } | null;
  /** The field that holds the previous day's close. */
  priorClose: string | null;
  availability: Availability;
  /** The broker's time of the quote, ms since the epoch. */
  quotedAtMs: number | null;
  /** Closes of regular sessions from daily bars; null when they were not read. */
  dailyCloses: readonly { day: string; close: string }[] | null;
}

const none = (why: NoReference): ReferenceFinding => ({ price: null, why });
const found = (
  price: string,
  source: ReferenceSource,
  session_date: string,
  at: string,
): ReferenceFinding => ({ price: { price, source, session_date, at }, why: null });

/**
 * The reference price in the contract's currency, or why there is none.
 *
 * @param state the contract's market now, with what the quote said of a halt
 */
export function referencePrice(state: MarketState, facts: PriceFacts): ReferenceFinding {
  const session = state.last_session;
  const { last } = facts;
  if (state.state === "unknown") return none("no_schedule");
  const fromLast =
    last === null || last.mark === "prior_close" || facts.availability === "none"
      ? none("no_price")
      : last.mark === "halted" || state.state === "halted"
        ? ofLast(state, facts, last.price, "halted_last")
        : ofLast(state, facts, last.price, sourceOf(facts.availability));
  if (fromLast.price !== null || session === null) return orSession(fromLast, session);
  const prior = last?.mark === "prior_close" ? last.price : facts.priorClose;
  const fromPrior = prior === null ? none("no_price") : ofPriorClose(state, facts, session, prior);
  if (fromPrior.price !== null) return fromPrior;
  const close = facts.dailyCloses?.find(({ day }) => day === session.date);
  if (close !== undefined) {
    return found(close.close, "session_close", session.date, session.closed_at);
  }
  return fromLast.why === "no_price" ? fromPrior : fromLast;
}

/** Without a price in the quote, and a schedule that does not reach back, nothing can be dated. */
function orSession(finding: ReferenceFinding, session: CompletedSession | null): ReferenceFinding {
  if (finding.price !== null || session !== null) return finding;
  return none(finding.why === "no_price" ? "session_not_proved" : finding.why);
}

function sourceOf(availability: Availability): ReferenceSource {
  switch (availability) {
    case "live":
      return "live_last";
    case "delayed":
      return "delayed_last";
    case "frozen":
    case "none":
      return "frozen_last";
    default:
      return "unmarked_last";
  }
}

/** A last trade is of the session in progress, of the latest completed one, or too old. */
function ofLast(
  state: MarketState,
  facts: PriceFacts,
  price: string,
  source: ReferenceSource,
): ReferenceFinding {
  const quoted = facts.quotedAtMs;
  const { session_date: today, session_began_at: began } = state;
  const pause = state.state === "closed";
  // A feed that is frozen while there is trading still shows the last session.
  if (today !== null && began !== null && (pause || source !== "frozen_last")) {
    if (quoted === null) return none("no_time");
    if (quoted >= Date.parse(began)) {
      if (source === "halted_last" && !traded(facts, today)) return none("session_not_proved");
      const shown = pause && source !== "halted_last" ? "frozen_last" : source;
      return found(price, shown, today, new Date(quoted).toISOString());
    }
  }
  return ofCompleted(state.last_session, facts, price, source);
}

/** Nothing trades, or the price is from before this session: it can only be of the one before. */
function ofCompleted(
  session: CompletedSession | null,
  facts: PriceFacts,
  price: string,
  source: ReferenceSource,
): ReferenceFinding {
  if (session === null) return none("session_not_proved");
  const quoted = facts.quotedAtMs;
  if (quoted !== null && quoted < Date.parse(session.began_at)) return none("older_session");
  if (!traded(facts, session.date)) return none("older_session");
  const ended = Date.parse(session.trading_ended_at);
  const at = quoted === null || quoted > ended ? ended : quoted;
  const shown = source === "halted_last" ? source : "frozen_last";
  return found(price, shown, session.date, new Date(at).toISOString());
}

/** Daily bars, where they were read, name the days on which the contract traded. */
function traded(facts: PriceFacts, day: string | null): boolean {
  return facts.dailyCloses === null || facts.dailyCloses.some((bar) => bar.day === day);
}

/**
 * The quote's previous close is not dated. In the regular session and before it, it is the close of
 * the latest completed one. At other hours the broker may still show the close of the day before
 * that, so only an equal close in the daily bars dates it.
 */
function ofPriorClose(
  state: MarketState,
  facts: PriceFacts,
  session: CompletedSession,
  price: string,
): ReferenceFinding {
  const bar = facts.dailyCloses?.find(({ day }) => day === session.date);
  const dated =
    bar !== undefined
      ? new Decimal(bar.close).equals(price)
      : state.session_date !== session.date && ["open", "pre_market"].includes(state.state);
  return dated
    ? found(price, "prior_close", session.date, session.closed_at)
    : none("session_not_proved");
}
