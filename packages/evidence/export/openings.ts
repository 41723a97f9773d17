import { opens } from "../event/commitment.ts";
import type { ReadEntry } from "../event/entry.ts";
import { committed } from "../event/event.ts";
import { EvidenceFault } from "../fault.ts";
import { type ExportFiles, linesOf } from "./export-files.ts";
import { OPENINGS_FILE } from "./manifest.ts";
import { type OpeningRecord, openingOf, parseOpening } from "./record.ts";

/** Openings beside the entries they open, both by rising number; a file of any size. */
export class Openings {
  opened = 0;
  erased = 0;
  readonly #lines: AsyncGenerator<string[]>;
  #waiting: OpeningRecord[] = [];
  #last: OpeningRecord | null = null;

  constructor(files: ExportFiles) {
    this.#lines = linesOf(files, OPENINGS_FILE);
  }

  /** The number of the next entry that has an opening; null when there are no more. */
  get nextSeq(): number | null {
    return this.#waiting[0]?.seq ?? null;
  }

  /** Reads on where nothing waits. Call it before {@link nextSeq} is asked. */
  async fill(): Promise<void> {
    while (this.#waiting.length === 0) {
      const { done, value } = await this.#lines.next();
      if (done === true) return;
      for (const line of value) this.#waiting.push(this.#inOrder(parseOpening(line)));
    }
  }

  /**
   * Checks the openings of an entry against its commitments. Throws `OPENING_DIFFERS`,
   * `OPENING_WITHOUT_COMMITMENT` or `OPENING_MALFORMED`.
   */
  async check(entry: ReadEntry): Promise<void> {
    for (let [record] = this.#waiting; record?.seq === entry.seq; [record] = this.#waiting) {
      this.#waiting.shift();
      this.#checkOne(entry, record);
      await this.fill();
    }
  }

  #checkOne({ seq, value }: ReadEntry, record: OpeningRecord): void {
    const commitment = committed(value, record.field);
    if (commitment === null) {
      throw new EvidenceFault(
        "OPENING_WITHOUT_COMMITMENT",
        `Entry ${seq} has no commitment named ${record.field} to open.`,
      );
    }
    const opening = openingOf(record);
    if (opening === null) {
      this.erased += 1;
    } else if (opens(commitment, opening)) {
      this.opened += 1;
    } else {
      throw new EvidenceFault(
        "OPENING_DIFFERS",
        `What is shown as the ${record.field} of entry ${seq} is not what the entry was made over.`,
      );
    }
  }

  #inOrder(record: OpeningRecord): OpeningRecord {
    const last = this.#last;
    const later =
      last === null ||
      record.seq > last.seq ||
      (record.seq === last.seq && record.field > last.field);
    if (!later) {
      throw new EvidenceFault(
        "OPENING_MALFORMED",
        "Openings do not stand in the order of entries.",
      );
    }
    this.#last = record;
    return record;
  }
}
