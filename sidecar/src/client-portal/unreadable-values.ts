/**
 * How much of an answer could not be read: values that were there, meant something, and that no reader
 * understands. Each of them is null where it belongs and costs nothing else; this is their number, so
 * that an answer says what it lost. What is missing, or the broker's way of saying "none", is not
 * among them.
 */
let under: { count: number } | null = null;

/** A value that nobody can read. Counted for the answer that is being decoded, if one is. */
export function noteUnread(): void {
  if (under !== null) under.count += 1;
}

/** Decodes, and counts what could not be read meanwhile. Decoding is synchronous. */
export function countUnread<T>(decode: () => T): { value: T; unread: number } {
  const before = under;
  const mine = { count: 0 };
  under = mine;
  try {
    return { value: decode(), unread: mine.count };
  } finally {
    under = before;
  }
}

/** Totals by question of one run, for `status` and `doctor`. */
export interface UnreadTally {
  note(name: string, unread: number): void;
  /** The questions whose answers held something unreadable, most first. */
  list(): { question: string; values: number }[];
}

export function createUnreadTally(): UnreadTally {
  const totals = new Map<string, number>();
  return {
    note: (name, unread) => {
      if (unread > 0) totals.set(name, (totals.get(name) ?? 0) + unread);
    },
    list: () =>
      [...totals]
        .map(([question, values]) => ({ question, values }))
        .toSorted((a, b) => b.values - a.values || a.question.localeCompare(b.question)),
  };
}
