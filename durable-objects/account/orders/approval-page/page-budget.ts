/**
 * How much the pages of one account may ask in a minute. Each holder of something that the PC named has a
 * share of its own, and strangers have one together: none uses up another's.
 */
const A_MINUTE = { page: 240, enrolling: 30, stranger: 30 } as const;
const MINUTE_MS = 60_000;
export type PageCaller = keyof typeof A_MINUTE;

/** Counts by the minute, in memory: an object that was away has counted nothing. */
export function pageBudget(now: () => number): { take(caller: PageCaller): boolean } {
  let minute = 0;
  let taken = { page: 0, enrolling: 0, stranger: 0 };
  return {
    take(caller) {
      const current = Math.floor(now() / MINUTE_MS);
      if (current !== minute) {
        minute = current;
        taken = { page: 0, enrolling: 0, stranger: 0 };
      }
      if (taken[caller] >= A_MINUTE[caller]) return false;
      taken[caller] += 1;
      return true;
    },
  };
}
