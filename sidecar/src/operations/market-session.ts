import type { Hours } from "../../../src/protocol/market/schedule.ts";
import { marketSession } from "../../../src/protocol/operations/market-session.ts";
import { isoTime } from "../client-portal/clock.ts";
import { tradingSchedule } from "../client-portal/endpoints/schedule.ts";
import { marketNotes, provenance } from "./context.ts";
import { serve } from "./serve.ts";

const spans = (hours: readonly Hours[]) =>
  hours.map(({ opening, closing }) => ({
    opens: isoTime(opening * 1000),
    closes: isoTime(closing * 1000),
  }));

export const serveMarketSession = serve(marketSession, async (context, input) => {
  const answer = await context.ask(tradingSchedule(input.conid, input.exchange));
  const now = context.clock.now() / 1000;
  const days = answer.value.days;
  const regular = days.flatMap((day) => day.regular).sort((a, b) => a.opening - b.opening);
  const extended = days.flatMap((day) => day.extended);
  const last = Math.max(
    0,
    ...regular.map((hours) => hours.closing),
    ...extended.map((hours) => hours.closing),
  );
  const first = Math.min(
    Number.POSITIVE_INFINITY,
    ...[...regular, ...extended].map((hours) => hours.opening),
  );
  // A schedule that begins later or ended before says nothing about this moment.
  const covered = now >= first - 86_400 && now <= last;
  const inside = (hours: Hours): boolean => hours.opening <= now && now < hours.closing;
  const open = regular.find(inside);
  const next = regular.find((hours) => hours.opening > now);
  return {
    conid: input.conid,
    time_zone: answer.value.timeZone.slice(0, 40),
    is_open: covered ? open !== undefined : null,
    is_extended: covered ? open === undefined && extended.some(inside) : null,
    next_open: next === undefined ? null : isoTime(next.opening * 1000),
    next_close:
      open !== undefined
        ? isoTime(open.closing * 1000)
        : next === undefined
          ? null
          : isoTime(next.closing * 1000),
    days: days.map((day) => ({
      day: day.day,
      regular: spans(day.regular),
      extended: spans(day.extended),
    })),
    ...provenance(
      context,
      [answer],
      [
        ...marketNotes(context),
        ...(covered ? [] : ["The broker's schedule does not cover this moment."]),
      ],
    ),
  };
});
