import { dayInWords, momentInWords } from "./instant-words.ts";
import type { InstrumentFact, Waits } from "./ticket.ts";

/**
 * Why an entry must not be sent as it was approved: it could trade when the owner saw it and would
 * wait now, or it would wait for another session than the owner read. Null when neither is so: a
 * market that has opened meanwhile is no reason, and hours that nobody knows are judged elsewhere.
 */
export function anotherSession(
  seen: Waits | null | undefined,
  now: Pick<InstrumentFact, "tradable_now" | "waits"> | null,
): string | null {
  if (now?.tradable_now !== false) return null;
  const next = now.waits ?? null;
  if (seen != null && next !== null && isSame(seen, next)) return null;
  const until =
    next === null
      ? "nobody knows until when"
      : `until ${momentInWords(next.until, next.time_zone, next.owner_zone ?? null)}`;
  if (seen == null) {
    return `The market closed since the owner saw the order. It would wait ${until}. Prepare it again.`;
  }
  return `The owner saw the order wait for ${sessionOf(seen)}. Since then that session has passed or moved: it would wait ${until}. Prepare it again.`;
}

/** A session keeps its day, even where its first minute is told anew. */
const isSame = (one: Waits, other: Waits): boolean =>
  one.session !== null && other.session !== null
    ? one.session === other.session
    : one.until === other.until;

const sessionOf = ({ session, until, time_zone }: Waits): string =>
  session === null
    ? `the open, ${momentInWords(until, time_zone)}`
    : `the session of ${dayInWords(session)}`;
