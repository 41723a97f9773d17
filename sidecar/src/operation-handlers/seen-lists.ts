import { LIMITS } from "../client-portal/limits.ts";

/**
 * What the broker's lists showed a moment ago. Its lists are caches that come back empty now and then,
 * and say nothing of it: one look in which a thing is missing proves no end of it. So a thing that was
 * there and is missing, without a word of its end, stays as it was last seen until later looks agree.
 */
export interface SeenList<Row> {
  /**
   * Notes one look at a whole list; gives the rows seen before that are neither in it nor known to
   * have ended.
   * @param list whose list it is
   * @param rows by id: what is there, and null for what has ended
   * @param at when the broker gave it, ms; a look that is no later than the last one changes nothing
   */
  look(list: string, rows: ReadonlyMap<string, Row | null>, at: number): Missing<Row>[];
  /** Its end was learnt elsewhere. */
  end(list: string, id: string): void;
}

export interface Missing<Row> {
  id: string;
  row: Row;
  /** When a list showed it last, ms. */
  seenAt: number;
}

interface Kept<Row> {
  row: Row;
  seenAt: number;
  /** The first look without it; null while it is listed. */
  missedAt: number | null;
}

export function createSeenList<Row>(): SeenList<Row> {
  const lists = new Map<string, { at: number; rows: Map<string, Kept<Row>> }>();
  return {
    look: (list, rows, at) => {
      const known = lists.get(list) ?? { at: Number.NEGATIVE_INFINITY, rows: new Map() };
      lists.set(list, known);
      if (at > known.at) {
        known.at = at;
        for (const [id, kept] of known.rows) {
          if (rows.has(id)) continue;
          kept.missedAt ??= at;
          const agreed = at - kept.missedAt >= LIMITS.vanishedPatienceMs;
          if (agreed || at - kept.seenAt >= LIMITS.vanishedForgottenMs) known.rows.delete(id);
        }
        for (const [id, row] of rows) {
          if (row === null) known.rows.delete(id);
          else known.rows.set(id, { row, seenAt: at, missedAt: null });
        }
      }
      return [...known.rows].flatMap(([id, { row, seenAt, missedAt }]) =>
        missedAt === null ? [] : [{ id, row, seenAt }],
      );
    },
    end: (list, id) => {
      lists.get(list)?.rows.delete(id);
    },
  };
}
