/**
 * Which exports go on at this moment, so that only the first part of each is noted. Whether a part goes
 * on with another is found here and not taken from the PC's word: a device key in other hands exports
 * nothing without an entry. In memory: after a sleep an export that goes on is noted once more.
 */
export interface ExportsUnderWay {
  /** Notes a part that was given out; false where it goes on with the one before it. */
  isNew(sidecarId: string, part: { fromIndex: number; end: number }): boolean;
}

/** A PC asks for its parts one after the other; it waits a minute where the gateway says so. */
const GOES_ON_MS = 10 * 60_000;

export function exportsUnderWay(now: () => number): ExportsUnderWay {
  const last = new Map<string, { end: number; at: number }>();
  return {
    isNew(sidecarId, { fromIndex, end }) {
      const before = last.get(sidecarId);
      const at = now();
      last.set(sidecarId, { end, at });
      return before === undefined || before.end !== fromIndex || at - before.at > GOES_ON_MS;
    },
  };
}
