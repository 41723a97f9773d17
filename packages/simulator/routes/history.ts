import {
  answer,
  badRequest,
  failed,
  isYes,
  ok,
  type SimAnswer,
  type SimRequest,
} from "../http/exchange.ts";
import type { SimRoute } from "../http/router.ts";
import { double, type WireJson } from "../json.ts";
import { type Bar, type BarSpan, barsBefore, parseSpan, UNIT_MS } from "../market/bars.ts";
import type { Instrument } from "../market/instrument.ts";
import type { Simulator } from "../simulator.ts";
import { utcTime } from "../zone.ts";
import { serverId } from "./marketdata.ts";

/** Bars. What is not understood is not refused: an unknown period gives some bars all the same. */

const VOLUME_FACTOR = 1;
const PRICE_FACTOR = 100;

export interface HistoryWanted {
  instrument: Instrument;
  period: BarSpan;
  bar: BarSpan;
  outside: boolean;
  /** The end of the window. */
  end: number;
}

/** The wished window, with the server's silent defaults for what it does not know. */
export function historyWanted(
  instrument: Instrument,
  period: string,
  bar: string,
  outside: boolean,
  end: number,
): HistoryWanted {
  const span = parseSpan(period);
  const size = parseSpan(bar);
  if (span === undefined) {
    return {
      instrument,
      period: { count: 7, unit: "h" },
      bar: { count: 5, unit: "min" },
      outside,
      end,
    };
  }
  return { instrument, period: span, bar: size ?? defaultBar(span), outside, end };
}

function defaultBar(period: BarSpan): BarSpan {
  const length = period.count * UNIT_MS[period.unit];
  if (length <= UNIT_MS.d) return { count: 1, unit: "min" };
  if (length <= UNIT_MS.m) return { count: 1, unit: "h" };
  return length <= 2 * UNIT_MS.y ? { count: 1, unit: "d" } : { count: 1, unit: "w" };
}

/** The answer of both history and the `smh` topic. */
export function historyAnswer(sim: Simulator, wanted: HistoryWanted): { [key: string]: WireJson } {
  const { instrument, period, bar, outside, end } = wanted;
  const bars = barsBefore(sim.market, sim.settings.seed, instrument, end, period, bar, outside);
  const first = bars[0];
  const delayed = instrument.data === "D";
  return {
    serverId: serverId(sim, instrument.conid),
    symbol: instrument.symbol,
    text: instrument.name,
    priceFactor: PRICE_FACTOR,
    startTime: utcTime(first?.at ?? end),
    high: extreme(bars, "high"),
    low: extreme(bars, "low"),
    timePeriod: `${period.count}${period.unit}`,
    barLength: (bar.count * UNIT_MS[bar.unit]) / 1000,
    mdAvailability: delayed ? "D" : "S",
    mktDataDelay: delayed ? 900 : 0,
    outsideRth: outside,
    tradingDayDuration: outside ? 1440 : 390,
    volumeFactor: VOLUME_FACTOR,
    priceDisplayRule: 1,
    priceDisplayValue: "2",
    chartPanStartTime: utcTime(end),
    direction: -1,
    negativeCapable: false,
    messageVersion: 2,
    travelTime: 48,
    data: bars.map((one) => ({
      o: double(one.open),
      c: double(one.close),
      h: double(one.high),
      l: double(one.low),
      v: double(one.volume / VOLUME_FACTOR),
      t: one.at,
    })),
    points: Math.max(bars.length - 1, 0),
  };
}

/** `price×factor/volume/minutes since the start`. */
function extreme(bars: readonly Bar[], side: "high" | "low"): string {
  let best = bars[0];
  for (const one of bars) {
    if (best === undefined || (side === "high" ? one.high.gt(best.high) : one.low.lt(best.low)))
      best = one;
  }
  if (best === undefined) return "0/0/0";
  const minutes = Math.round((best.at - (bars[0]?.at ?? best.at)) / 60_000);
  return `${best[side].mul(PRICE_FACTOR).round()}/${best.volume}/${minutes}`;
}

function parseStart(text: string): number | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})-(\d{2}):(\d{2}):(\d{2})$/.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match.map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
}

function history(sim: Simulator, request: SimRequest): SimAnswer {
  const { query } = request;
  const conid = Number(query.get("conid"));
  const instrument = sim.market.find(conid);
  if (query.get("conid") === null) return badRequest("conid is required");
  if (instrument === undefined) return failed(500, "Chart data unavailable");
  const warm = sim.world.brokerage.primed.history;
  if (sim.behaviours.coldReads.history && !warm.has(conid) && warm.size === 0) {
    warm.add(conid);
    return failed(500, "Chart data unavailable");
  }
  warm.add(conid);
  if (query.get("direction") === "1" || instrument.data === "N") {
    return answer(200, { error: "Chart data unavailable" });
  }
  const start = query.get("startTime");
  const end = start === null || start === "" ? sim.clock.now() : parseStart(start);
  if (end === undefined) return badRequest("Invalid startTime");
  const wanted = historyWanted(
    instrument,
    query.get("period") ?? "",
    query.get("bar") ?? "",
    isYes(query.get("outsideRth")),
    Math.min(end, sim.clock.now()),
  );
  const { historySlots, historyMs } = sim.behaviours.limits;
  if (sim.load.history >= historySlots) {
    return answer(429, { error: "Too many history charts requests, please try again later." });
  }
  sim.load.history += 1;
  const release = (): void => {
    sim.load.history -= 1;
  };
  return { ...ok(historyAnswer(sim, wanted)), holdMs: historyMs, release };
}

export const historyRoutes: readonly SimRoute[] = [
  { method: "GET", pattern: "/iserver/marketdata/history", needs: "brokerage", handle: history },
  {
    method: "GET",
    pattern: "/hmds/history",
    needs: "brokerage",
    handle: () => answer(404, { error: "Not found", statusCode: 404 }),
  },
  {
    method: "POST",
    pattern: "/hmds/scanner",
    needs: "brokerage",
    handle: () => answer(404, { error: "Not found", statusCode: 404 }),
  },
];
