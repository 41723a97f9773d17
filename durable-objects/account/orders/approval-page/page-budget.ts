/** How much the pages of one account may ask, whoever holds their tokens. */
const KNOWN_PER_MINUTE = 240;
const UNKNOWN_PER_MINUTE = 30;
const MINUTE_MS = 60_000;

/** Counts by the minute, in memory: an object that was away has counted nothing. */
export function pageBudget(now: () => number): { take(known: boolean): boolean } {
  let minute = 0;
  let taken = { known: 0, unknown: 0 };
  return {
    take(known) {
      const current = Math.floor(now() / MINUTE_MS);
      if (current !== minute) {
        minute = current;
        taken = { known: 0, unknown: 0 };
      }
      const kind = known ? "known" : "unknown";
      if (taken[kind] >= (known ? KNOWN_PER_MINUTE : UNKNOWN_PER_MINUTE)) return false;
      taken[kind] += 1;
      return true;
    },
  };
}
