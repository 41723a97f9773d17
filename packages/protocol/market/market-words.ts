import { zoneFormats } from "../zone-format.ts";
import type { MarketState } from "./market-state.ts";

/** A market's state in words, with every time in the exchange's zone and in the owner's. */

/**
 * "Mon 30 Nov 2026 09:30 US/Eastern (15:30 Europe/Berlin)". The second one names its day too where
 * that is another day.
 * @param ownerZone IANA zone of the owner's PC; null when it is not known: UTC is shown then
 */
export function instantInWords(
  at: string,
  exchangeZone: string | null,
  ownerZone: string | null,
): string {
  const ms = Date.parse(at);
  const second = wallClock(ms, ownerZone) ?? wallClock(ms, "UTC");
  const first = exchangeZone === null ? null : wallClock(ms, exchangeZone);
  if (second === null) return at;
  if (first === null || first.zone === second.zone) {
    return `${second.day} ${second.time} ${second.zone}`;
  }
  const beside = first.day === second.day ? second.time : `${second.day} ${second.time}`;
  return `${first.day} ${first.time} ${first.zone} (${beside} ${second.zone})`;
}

interface WallClock {
  day: string;
  time: string;
  zone: string;
}

const clocks = zoneFormats("en-GB", {
  hourCycle: "h23",
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
});

function wallClock(ms: number, zone: string | null): WallClock | null {
  if (zone === null) return null;
  try {
    const parts = clocks(zone).formatToParts(ms);
    const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? "";
    return {
      // "Sept" in newer data, "Sep" in older: three letters everywhere.
      day: `${part("weekday").slice(0, 3)} ${part("day")} ${part("month").slice(0, 3)} ${part("year")}`,
      time: `${part("hour")}:${part("minute")}`,
      zone,
    };
  } catch {
    return null;
  }
}

/** One sentence or two: what the market does now, and when that changes. */
export function stateInWords(state: MarketState, ownerZone: string | null): string {
  const when = (at: string): string => instantInWords(at, state.time_zone, ownerZone);
  const opens =
    state.next_open === null
      ? "When it opens is not known."
      : `Regular hours begin ${when(state.next_open)}.`;
  switch (state.state) {
    case "open":
      return state.closes_at === null
        ? "The market is open."
        : `The market is open; it closes ${when(state.closes_at)}.`;
    case "pre_market":
      return `Pre-market trading: regular hours have not begun. ${opens}`;
    case "overnight":
      return `Overnight trading: regular hours have not begun. ${opens}`;
    case "after_hours":
      return state.closes_at === null
        ? `After-hours trading: regular hours are over. ${opens}`
        : `After-hours trading until ${when(state.closes_at)}: regular hours are over. ${opens}`;
    case "halted":
      return "Trading in this contract is halted. When it resumes is not known.";
    case "closed":
      return closedInWords(state, when);
    default:
      return "Whether the market is open is not known: the broker gave no schedule for this moment.";
  }
}

function closedInWords(state: MarketState, when: (at: string) => string): string {
  if (state.next_open === null) return "The market is closed; when it opens is not known.";
  const early =
    state.next_trading !== null && Date.parse(state.next_trading) < Date.parse(state.next_open)
      ? ` Extended hours begin ${when(state.next_trading)}.`
      : "";
  return `The market is closed; opens at ${when(state.next_open)}.${early}`;
}
