import { zoneFormats } from "../zone-format.ts";

/**
 * An instant as a person reads it beside an exchange: `Mon 30 Nov 09:30 New York`. The day and the
 * date both stand there, since the next opening may be days away. Where the owner's zone is known
 * and its clock shows something else, it follows: `Mon 30 Nov 09:30 New York (15:30 Berlin)`.
 * @param zone the exchange's IANA zone; null when it is not known: UTC is shown then
 * @param ownerZone the IANA zone of the owner's PC, where it is known
 */
export function momentInWords(
  at: string,
  zone: string | null,
  ownerZone: string | null = null,
): string {
  const shown = zone ?? "UTC";
  const own = partsOf(at, shown);
  const first = own ?? partsOf(at, "UTC") ?? NONE;
  const there = `${dateOf(first)} ${timeOf(first)} ${own === null ? "UTC" : cityOf(shown)}`;
  const home = ownerZone === null ? null : partsOf(at, ownerZone);
  if (ownerZone === null || home === null) return there;
  const sameDay = dateOf(home) === dateOf(first);
  if (sameDay && timeOf(home) === timeOf(first)) return there;
  const beside = sameDay ? timeOf(home) : `${dateOf(home)} ${timeOf(home)}`;
  return `${there} (${beside} ${cityOf(ownerZone)})`;
}

const dateOf = ({ weekday, day, month }: typeof NONE): string => `${weekday} ${day} ${month}`;
const timeOf = ({ hour, minute }: typeof NONE): string => `${hour}:${minute}`;

/** `Mon 30 Nov` of a trading day written `2026-11-30`. */
export function dayInWords(day: string): string {
  const { weekday, day: date, month } = partsOf(`${day}T12:00:00.000Z`, "UTC") ?? NONE;
  return `${weekday} ${date} ${month}`;
}

const NONE = { weekday: "?", day: "?", month: "?", hour: "?", minute: "?" };

const clocks = zoneFormats("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});

function partsOf(at: string, timeZone: string): typeof NONE | null {
  const ms = Date.parse(at);
  if (!Number.isFinite(ms)) return null;
  try {
    const found = { ...NONE };
    for (const { type, value } of clocks(timeZone).formatToParts(ms)) {
      if (type === "weekday" || type === "day" || type === "hour" || type === "minute") {
        found[type] = value;
      }
      // Four letters for September in one runtime and three in the other would be two spellings.
      if (type === "month") found.month = value.slice(0, 3);
    }
    return found;
  } catch {
    return null;
  }
}

/** The broker also writes names of zones that hold no city. */
const CITIES: Readonly<Record<string, string>> = {
  "US/Eastern": "New York",
  "US/Central": "Chicago",
  MET: "Central Europe",
  Japan: "Tokyo",
  Hongkong: "Hong Kong",
  UTC: "UTC",
};

/** `New York` for `America/New_York` and for `US/Eastern`. */
export function cityOf(zone: string): string {
  return CITIES[zone] ?? (zone.split("/").at(-1) ?? zone).replaceAll("_", " ");
}
