import { concat } from "../bytes.ts";
import { EvidenceFault } from "../fault.ts";

/** What two bytes of length can say. A longer entry cannot be served, so it must not be appended. */
export const ENTRY_MAX_BYTES = 65_535;
const LENGTH_BYTES = 2;

/** Throws `ENTRY_TOO_LARGE` for an entry that no bundle can hold. Ask before anything is done. */
export function checkEntryLength(entry: Uint8Array): void {
  if (entry.length > ENTRY_MAX_BYTES) {
    throw new EvidenceFault(
      "ENTRY_TOO_LARGE",
      `An entry has at most ${ENTRY_MAX_BYTES} bytes, and this one ${entry.length}.`,
    );
  }
}

/** An entry bundle: each entry behind its length as two bytes, big-endian. Throws `ENTRY_TOO_LARGE`. */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  return concat(
    ...entries.flatMap((entry) => {
      checkEntryLength(entry);
      return [Uint8Array.of(entry.length >> 8, entry.length & 0xff), entry];
    }),
  );
}

/** The entries of a bundle, which holds exactly `width` of them. Throws `BUNDLE_MALFORMED`. */
export function decodeBundle(bytes: Uint8Array, width: number): Uint8Array[] {
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const [high, low] = bytes.subarray(at, at + LENGTH_BYTES);
    if (high === undefined || low === undefined) throw malformed("It ends inside a length.");
    const end = at + LENGTH_BYTES + (high << 8) + low;
    if (end > bytes.length) throw malformed("It ends inside an entry.");
    entries.push(bytes.slice(at + LENGTH_BYTES, end));
    at = end;
  }
  if (entries.length !== width) {
    throw malformed(`It holds ${entries.length} entries instead of ${width}.`);
  }
  return entries;
}

function malformed(why: string): EvidenceFault {
  return new EvidenceFault("BUNDLE_MALFORMED", `A bundle of entries cannot be read. ${why}`);
}
