/**
 * Formatters of one kind, by IANA zone. They are dear to make and hold nothing but their zone, so one
 * of each is kept. Asked for a zone that this machine does not know, it throws a RangeError.
 */
export function zoneFormats(
  locale: string,
  options: Omit<Intl.DateTimeFormatOptions, "timeZone">,
): (zone: string) => Intl.DateTimeFormat {
  const formats = new Map<string, Intl.DateTimeFormat>();
  return (zone) => {
    let format = formats.get(zone);
    if (format === undefined) {
      format = new Intl.DateTimeFormat(locale, { ...options, timeZone: zone });
      formats.set(zone, format);
    }
    return format;
  };
}

const days = zoneFormats("en-CA", { year: "numeric", month: "2-digit", day: "2-digit" });

/**
 * The calendar day of an instant (ms since the epoch) in a zone, `YYYY-MM-DD`. Throws a RangeError on
 * a zone that this machine does not know.
 */
export const dayInZone = (atMs: number, zone: string): string => days(zone).format(atMs);
