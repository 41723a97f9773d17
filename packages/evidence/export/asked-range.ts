/** A range of a log as a person types it, as its keeper takes it. */
export interface AskedRange {
  /** From zero; the end is left out. */
  fromIndex?: number;
  toIndex?: number;
  /** RFC 3339; the end is left out. */
  from?: string;
  to?: string;
}

/**
 * Reads `--from` and `--to`: an entry's number (both ends included), a moment (RFC 3339), or a day
 * alone, which means its beginning in UTC; a moment that ends the range is left out. Throws a RangeError
 * with a sentence for whoever typed it.
 */
export function readRange(from: string | undefined, to: string | undefined): AskedRange {
  const [begin, end] = [place("--from", from), place("--to", to)];
  const range = {
    ...(begin?.seq === undefined ? {} : { fromIndex: begin.seq - 1 }),
    ...(begin?.moment === undefined ? {} : { from: begin.moment }),
    ...(end?.seq === undefined ? {} : { toIndex: end.seq }),
    ...(end?.moment === undefined ? {} : { to: end.moment }),
  };
  const { fromIndex = 0, toIndex = Number.POSITIVE_INFINITY } = range;
  const backwards =
    toIndex <= fromIndex ||
    (range.from !== undefined &&
      range.to !== undefined &&
      Date.parse(range.to) <= Date.parse(range.from));
  if (backwards) throw new RangeError("--to is not behind --from.");
  return range;
}

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

function place(flag: string, text: string | undefined): { seq?: number; moment?: string } | null {
  if (text === undefined) return null;
  if (/^[1-9]\d{0,14}$/.test(text)) return { seq: Number(text) };
  const moment = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text;
  if (MOMENT.test(moment) && !Number.isNaN(Date.parse(moment))) return { moment };
  throw new RangeError(
    `${flag} takes an entry's number (1200), a day (2026-11-30) or a moment (2026-11-30T08:00:00Z).`,
  );
}
