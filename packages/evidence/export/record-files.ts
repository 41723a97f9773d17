import type { TreeNodes } from "../merkle/nodes.ts";
import { consistencyProof, frontierProof } from "../merkle/proofs.ts";
import type { ExportManifest } from "./manifest.ts";

/** How many records an export puts into a file: a stopped export loses one file's work at most. */
export const RECORDS_PER_FILE = 10_000;

/** `entries/000010000.jsonl` holds records from index 10,000 on. */
export function recordsFile(fromIndex: number): string {
  return `entries/${String(fromIndex).padStart(9, "0")}.jsonl`;
}

/** The files of a range, in order. */
export function recordFilesOf(
  fromIndex: number,
  toIndex: number,
): { name: string; from_index: number; to_index: number }[] {
  const files: { name: string; from_index: number; to_index: number }[] = [];
  for (let from = fromIndex; from < toIndex; ) {
    // Files end at the same places whatever range is asked for, so that ranges can be joined.
    const to = Math.min((Math.floor(from / RECORDS_PER_FILE) + 1) * RECORDS_PER_FILE, toIndex);
    files.push({ name: recordsFile(from), from_index: from, to_index: to });
    from = to;
  }
  return files;
}

/**
 * The manifest of a range of a log whose nodes are at hand, against a head of `size` entries. Throws
 * a RangeError for a range that the head does not hold.
 */
export function manifestOf(
  log: { origin: string; account: string; size: number; nodes: TreeNodes },
  range: { fromIndex: number; toIndex: number },
  checkpoints: readonly string[] = [],
): ExportManifest {
  const { fromIndex, toIndex } = range;
  if (!(fromIndex >= 0 && fromIndex <= toIndex && toIndex <= log.size)) {
    throw new RangeError("the head does not hold that range");
  }
  return {
    origin: log.origin,
    account: log.account,
    fromIndex,
    toIndex,
    left: frontierProof(fromIndex, log.nodes),
    tail: consistencyProof(toIndex, log.size, log.nodes),
    files: recordFilesOf(fromIndex, toIndex),
    checkpoints,
  };
}
