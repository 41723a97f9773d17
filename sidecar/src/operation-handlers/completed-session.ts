import {
  type CompletedSession,
  dayIn,
  type MarketState,
} from "@ibkr-edge-gateway/protocol/market/market-state.ts";
import {
  type TradingSchedule,
  wholeSpan,
} from "@ibkr-edge-gateway/protocol/market/trading-schedule.ts";
import { isoTime } from "../client-portal/clock.ts";
import type { History } from "../client-portal/endpoints/history.ts";

/**
 * The latest completed session from bars of its regular hours, for a schedule that lists the coming
 * days alone. It counts only where no other session can lie between it and the next listed day: every
 * day between them is a Saturday or a Sunday, and the contract does not trade on these. A holiday
 * between them cannot be told from a day without trades, so there is no answer then.
 */
export function pastSession(
  bars: Pick<History, "data" | "barLength">,
  schedule: TradingSchedule,
  state: MarketState,
  nowMs: number,
): CompletedSession | null {
  const { timeZone: zone } = schedule;
  const coming = schedule.days.find((day) => (wholeSpan(day)?.to ?? 0) > nowMs);
  const limit = state.session_date ?? coming?.day ?? null;
  if (limit === null || bars.barLength === null || !opensOnItsDay(schedule)) return null;
  const lengthMs = bars.barLength * 1000;
  const dated = bars.data.flatMap(({ t }) => {
    const day = t === null ? null : dayIn(t, zone);
    return t === null || day === null || day >= limit ? [] : [{ t, day }];
  });
  const date = dated
    .map(({ day }) => day)
    .sort()
    .at(-1);
  if (date === undefined || isWeekend(date) || !onlyWeekendBetween(date, limit)) return null;
  const times = dated.filter(({ day }) => day === date).map(({ t }) => t);
  const closed = Math.max(...times) + lengthMs;
  if (closed > nowMs) return null;
  return {
    date,
    began_at: isoTime(Math.min(...times)),
    closed_at: isoTime(closed),
    trading_ended_at: isoTime(Math.min(endOfDay(closed, date, zone), nowMs)),
  };
}

/** Bars are dated by their own day, so a session that begins on the evening before cannot be. */
function opensOnItsDay({ days, timeZone }: TradingSchedule): boolean {
  return days.every(
    ({ day, regular }) =>
      !isWeekend(day) && regular.every(({ opening }) => dayIn(opening * 1000, timeZone) === day),
  );
}

const DAY_MS = 86_400_000;

function isWeekend(day: string): boolean {
  return [0, 6].includes(new Date(`${day}T00:00:00Z`).getUTCDay());
}

function onlyWeekendBetween(from: string, to: string): boolean {
  for (
    let at = Date.parse(`${from}T00:00:00Z`) + DAY_MS;
    at < Date.parse(`${to}T00:00:00Z`);
    at += DAY_MS
  ) {
    if (!isWeekend(isoTime(at).slice(0, 10))) return false;
  }
  return true;
}

const QUARTER_MS = 15 * 60_000;

/** Extended trading is not in the bars; it ends with the exchange's day at the latest. */
function endOfDay(fromMs: number, day: string, zone: string): number {
  let at = Math.ceil(fromMs / QUARTER_MS) * QUARTER_MS;
  while (dayIn(at, zone) === day && at - fromMs < 2 * DAY_MS) at += QUARTER_MS;
  return at;
}
