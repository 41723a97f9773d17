import { marketStateAt } from "@ibkr-edge-gateway/protocol/market/market-state.ts";
import { stateInWords } from "@ibkr-edge-gateway/protocol/market/market-words.ts";
import type { Hours } from "@ibkr-edge-gateway/protocol/market/trading-schedule.ts";
import { marketSession } from "@ibkr-edge-gateway/protocol/operation-schemas/market-session.ts";
import { isoTime } from "../client-portal/clock.ts";
import { tradingSchedule } from "../client-portal/endpoints/trading-schedule.ts";
import { marketNotes, provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";

const spans = (hours: readonly Hours[]) =>
  hours.map(({ opening, closing }) => ({
    opens: isoTime(opening * 1000),
    closes: isoTime(closing * 1000),
  }));

const EXTENDED = ["pre_market", "after_hours", "overnight"];

export const serveMarketSession = serve(marketSession, async (context, input) => {
  const answer = await context.ask(tradingSchedule(input.conid, input.exchange));
  const schedule = answer.value;
  const state = marketStateAt(schedule, context.clock.now());
  const known = state.state !== "unknown";
  const regular = schedule.days.flatMap((day) => day.regular);
  const next = regular.find((hours) => isoTime(hours.opening * 1000) === state.next_open);
  return {
    conid: input.conid,
    time_zone: schedule.timeZone.slice(0, 40),
    state: state.state,
    meaning: stateInWords(state, context.ownerZone),
    session_date: state.session_date,
    closes_at: state.closes_at,
    next_trading: state.next_trading,
    last_session: state.last_session,
    is_open: known ? state.state === "open" : null,
    is_extended: known ? EXTENDED.includes(state.state) : null,
    next_open: state.next_open,
    next_close:
      state.state === "open"
        ? state.closes_at
        : next === undefined
          ? null
          : isoTime(next.closing * 1000),
    days: schedule.days.map((day) => ({
      day: day.day,
      regular: spans(day.regular),
      extended: spans(day.extended),
    })),
    ...provenance(
      context,
      [answer],
      [
        ...marketNotes(context),
        ...(known ? [] : ["The broker's schedule does not cover this moment."]),
      ],
    ),
  };
});
