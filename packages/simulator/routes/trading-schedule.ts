import { badRequest, ok, type SimAnswer, type SimRequest } from "../http/exchange.ts";
import type { SimRoute } from "../http/router.ts";
import type { WireJson } from "../json.ts";
import type { Instrument } from "../market/instrument.ts";
import { zoneOf } from "../market/venue-hours.ts";
import type { Simulator } from "../simulator.ts";
import { localTime, pad } from "../zone.ts";

/** When an instrument trades. */

const DAYS_AHEAD = 8;
/** The broker documents the coming and the prior trading days; five days reach over any weekend. */
const DAYS_BACK = 5;

function tradingSchedule(sim: Simulator, request: SimRequest): SimAnswer {
  const conid = request.query.get("conid") ?? "";
  const one = /^\d+$/.test(conid) ? sim.market.find(Number(conid)) : undefined;
  if (one === undefined) return badRequest("Invalid conid");
  const now = sim.clock.now();
  const around = (kind: "liquid" | "extended") =>
    sim.market.hours.sessionsAround(one.venue, kind, now, DAYS_BACK, DAYS_AHEAD);
  const liquid = new Map(around("liquid").map(({ date, session }) => [date, session]));
  const schedules: { [date: string]: WireJson } = {};
  for (const { date, session } of around("extended")) {
    const inner = liquid.get(date);
    schedules[date] = {
      liquid_hours:
        inner === undefined ? [] : [{ opening: inner.opens / 1000, closing: inner.closes / 1000 }],
      extended_hours: [
        {
          cancel_daily_orders: true,
          opening: session.opens / 1000,
          closing: session.closes / 1000,
        },
      ],
    };
  }
  return ok({ exchange_time_zone: zoneOf(one.venue), schedules });
}

/** The older weekly template: a made-up date of the year 2000 stands for each weekday. */
function weekly(sim: Simulator, request: SimRequest): SimAnswer {
  const symbol = request.query.get("symbol") ?? "";
  const assetClass = request.query.get("assetClass") ?? "";
  if (symbol === "" || assetClass === "") return badRequest("assetClass and symbol are required");
  const found = sim.market.listed.filter(
    (one) => one.symbol === symbol && one.secType === assetClass,
  );
  return ok(found.map((one) => template(sim, one)));
}

function template(sim: Simulator, one: Instrument): WireJson {
  const zone = zoneOf(one.venue);
  const clockText = (at: number): string => {
    const local = localTime(at, zone);
    return `${pad(local.hour)}${pad(local.minute)}`;
  };
  const sessions = sim.market.hours.sessionsAround(one.venue, "liquid", sim.clock.now(), 0, 6);
  return {
    id: `p${one.conid}`,
    tradeVenueId: `v${one.conid}`,
    exchange: one.exchange,
    description: one.exchange,
    timezone: zone,
    schedules: sessions.map(({ session }) => ({
      clearingCycleEndTime: "0000",
      tradingScheduleDate: `2000010${localTime(session.closes, zone).weekday + 1}`,
      sessions: {
        openingTime: clockText(session.opens),
        closingTime: clockText(session.closes),
        prop: "LIQUID",
      },
      tradingTimes: {
        openingTime: clockText(session.opens),
        closingTime: clockText(session.closes),
        cancelDayOrders: "Y",
      },
    })),
  };
}

export const scheduleRoutes: readonly SimRoute[] = [
  {
    method: "GET",
    pattern: "/contract/trading-schedule",
    needs: "brokerage",
    handle: tradingSchedule,
  },
  { method: "GET", pattern: "/trsrv/secdef/schedule", needs: "sso", handle: weekly },
];
