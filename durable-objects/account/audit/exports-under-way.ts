/**
 * Which exports go on at this moment, so that each is noted once and not with every part. Whether a
 * part belongs to one that was noted is found here and not taken from the PC's word: a device key in
 * other hands exports nothing without an entry. In memory: after a sleep an export that goes on is
 * noted once more.
 */
export interface ExportsUnderWay {
  /** Whether a part that was given out is to be noted: it lies in no range that was noted lately. */
  isNew(sidecarId: string, part: ExportedPart): boolean;
}

export interface ExportedPart {
  /** It says so itself. */
  begins: boolean;
  fromIndex: number;
  /** Excluded; and of the whole range that was asked for, which is what an entry names. */
  end: number;
  rangeEnd: number;
}

/** A PC asks for its parts one after the other; it waits a minute where the gateway says so. */
const GOES_ON_MS = 10 * 60_000;

export function exportsUnderWay(now: () => number): ExportsUnderWay {
  const noted = new Map<string, { from: number; to: number; at: number }>();
  return {
    isNew(sidecarId, { begins, fromIndex, end, rangeEnd }) {
      const at = now();
      const before = noted.get(sidecarId);
      const belongs =
        before !== undefined &&
        at - before.at <= GOES_ON_MS &&
        before.from <= fromIndex &&
        end <= before.to;
      if (belongs && !begins) {
        noted.set(sidecarId, { ...before, at });
        return false;
      }
      noted.set(sidecarId, { from: fromIndex, to: rangeEnd, at });
      return true;
    },
  };
}
