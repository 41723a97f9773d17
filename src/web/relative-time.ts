const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

/** Milliseconds from now as people say them: "in 3 minutes", "2 days ago", "just now". */
export function relativeTime(ms: number): string {
  const words = new Intl.RelativeTimeFormat("en", { numeric: "always" });
  for (const [unit, size] of UNITS) {
    if (Math.abs(ms) >= size) return words.format(Math.trunc(ms / size), unit);
  }
  return Math.abs(ms) < 10_000 ? "just now" : words.format(Math.trunc(ms / 1000), "second");
}
