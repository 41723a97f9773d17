import type { TradingSchedule } from "@ibkr-edge-gateway/protocol/market/trading-schedule.ts";
import { marketHolidays } from "@ibkr-edge-gateway/protocol/operation-schemas/market-holidays.ts";
import { tradingSchedule } from "../client-portal/endpoints/trading-schedule.ts";
import { provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";

export interface Holiday {
  day: string;
  kind: "closed" | "short_day";
  minutes: number;
}

/**
 * What a dated schedule says about holidays: a weekday inside its horizon without regular hours is
 * closed, one with clearly fewer minutes than the usual is short. The names of the days are not in
 * it and are not invented.
 */
export function holidaysIn(schedule: TradingSchedule): Holiday[] {
  const minutes = new Map(
    schedule.days.map((day) => [
      day.day,
      Math.round(
        day.regular.reduce((sum, { opening, closing }) => sum + closing - opening, 0) / 60,
      ),
    ]),
  );
  const first = schedule.days[0]?.day;
  const last = schedule.days.at(-1)?.day;
  if (first === undefined || last === undefined) return [];
  const usual = Math.max(...minutes.values());
  const holidays: Holiday[] = [];
  for (let at = Date.parse(first); at <= Date.parse(last); at += 86_400_000) {
    const date = new Date(at);
    const day = date.toISOString().slice(0, 10);
    const open = minutes.get(day) ?? 0;
    const weekday = date.getUTCDay() >= 1 && date.getUTCDay() <= 5;
    if (open === 0 && weekday) holidays.push({ day, kind: "closed", minutes: 0 });
    else if (open > 0 && open < usual * 0.9)
      holidays.push({ day, kind: "short_day", minutes: open });
  }
  return holidays;
}

export const serveMarketHolidays = serve(marketHolidays, async (context, input) => {
  const answer = await context.ask(tradingSchedule(input.conid));
  const { days, timeZone } = answer.value;
  return {
    conid: input.conid,
    time_zone: timeZone.slice(0, 40),
    from: days[0]?.day ?? null,
    to: days.at(-1)?.day ?? null,
    holidays: holidaysIn(answer.value),
    ...provenance(context, [answer], ["Only the days between from and to are known."]),
  };
});
