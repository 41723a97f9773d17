import { toHex, utf8 } from "../bytes.ts";
import { plainSha256, type Sha256, treeHash } from "../merkle/hash.ts";
import { type ExportFiles, linesOf } from "./export-files.ts";
import { type ExportManifest, OPENINGS_FILE } from "./manifest.ts";
import { formatOpening, type OpeningRecord, parseOpening, parseRecord } from "./record.ts";

/** Entries of a range that lie with the reader, read back from where they were written. */
export interface ReceivedPart {
  fromIndex: number;
  /** Excluded. */
  end: number;
  /** Of {@link receivedSha256}. */
  sha256: string;
  /**
   * The same hash where the log's keeper has erased what opened some values since: their openings,
   * named by {@link openingName}, count as erased. Their number is how many of them lie here.
   */
  whereErased(names: ReadonlySet<string>): { sha256: string; erased: number };
}

/** How {@link ReceivedPart.whereErased} is told of an opening. */
export const openingName = ({ seq, field }: Pick<OpeningRecord, "seq" | "field">): string =>
  `${seq} ${field}`;

/**
 * Lower-case hex SHA-256 of what a reader holds of a range: the leaf hash (lower-case hex) of each entry
 * and each opening. The log's keeper computes it from its own rows, and so knows that all of it arrived.
 */
export function receivedSha256(
  part: {
    readonly fromIndex: number;
    readonly leafHashes: readonly string[];
    readonly openings: readonly OpeningRecord[];
  },
  sha256: Sha256 = plainSha256,
): string {
  const leaves = part.leafHashes.map((leaf, at) => `${part.fromIndex + at + 1} ${leaf}\n`);
  return toHex(sha256(utf8([...leaves, ...part.openings.map(formatOpening)].join(""))));
}

/**
 * Reads a finished export back, in parts of so many entries. Throws what reading its files throws.
 */
export async function* receivedParts(
  files: ExportFiles,
  manifest: Pick<ExportManifest, "fromIndex" | "files">,
  { entriesMax, sha256 = plainSha256 }: { entriesMax: number; sha256?: Sha256 },
): AsyncGenerator<ReceivedPart> {
  const leafOf = treeHash(sha256).leaf;
  const openings = openingsBy(files);
  let fromIndex = manifest.fromIndex;
  let leafHashes: string[] = [];
  const taken = async (): Promise<ReceivedPart> => {
    const end = fromIndex + leafHashes.length;
    const part = { fromIndex, leafHashes, openings: await openings.through(end) };
    fromIndex = end;
    leafHashes = [];
    return {
      fromIndex: part.fromIndex,
      end,
      sha256: receivedSha256(part, sha256),
      whereErased(names) {
        let erased = 0;
        const left = part.openings.map((opening): OpeningRecord => {
          if (opening.salt === null || !names.has(openingName(opening))) return opening;
          erased += 1;
          return { ...opening, salt: null, payload: null };
        });
        return { sha256: receivedSha256({ ...part, openings: left }, sha256), erased };
      },
    };
  };
  for (const { name } of manifest.files) {
    for await (const lines of linesOf(files, name)) {
      for (const line of lines) {
        // The leaf is made anew from what lies there: a line's own word for it is none.
        leafHashes.push(toHex(leafOf(utf8(parseRecord(line).entry))));
        if (leafHashes.length === entriesMax) yield await taken();
      }
    }
  }
  if (leafHashes.length > 0) yield await taken();
}

/** The openings of an export, by rising number. */
function openingsBy(files: ExportFiles): { through(seq: number): Promise<OpeningRecord[]> } {
  const parts = linesOf(files, OPENINGS_FILE);
  let waiting: OpeningRecord[] = [];
  return {
    async through(seq) {
      while (waiting.every((one) => one.seq <= seq)) {
        const { done, value } = await parts.next();
        if (done === true) break;
        waiting = [...waiting, ...value.map(parseOpening)];
      }
      const found = waiting.findIndex((one) => one.seq > seq);
      const end = found === -1 ? waiting.length : found;
      const taken = waiting.slice(0, end);
      waiting = waiting.slice(end);
      return taken;
    },
  };
}
