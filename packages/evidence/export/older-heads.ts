import { sameBytes } from "../bytes.ts";
import {
  type CheckpointNote,
  checkSameHead,
  parseCheckpointNote,
} from "../checkpoint/checkpoint.ts";
import { EvidenceFault } from "../fault.ts";
import type { TreeBuilder } from "../merkle/frontier.ts";
import { type ExportFiles, readText } from "./export-files.ts";
import type { ExportManifest } from "./manifest.ts";

/** An older signed head that entries are compared with on the way. */
export interface Mark {
  readonly checkpoint: CheckpointNote;
  /** Where it came from, for a reader. */
  readonly from: string;
  /** The reader holds it, apart from the export. */
  readonly own: boolean;
}

/** Older heads of the folder and of the reader's own, by size. Throws as parseCheckpointNote. */
export async function readMarks(
  files: ExportFiles,
  manifest: ExportManifest,
  since: readonly string[],
): Promise<Mark[]> {
  const marks: Mark[] = since.map((text) => ({
    checkpoint: parseCheckpointNote(text),
    from: "the checkpoint that you hold",
    own: true,
  }));
  for (const name of manifest.checkpoints) {
    const checkpoint = parseCheckpointNote(await readText(files, name));
    marks.push({ checkpoint, from: name, own: false });
  }
  for (const { checkpoint, from } of marks) {
    if (checkpoint.origin !== manifest.origin) {
      throw new EvidenceFault(
        "ORIGIN_DIFFERS",
        `In ${from} is a checkpoint of ${checkpoint.origin}.`,
      );
    }
  }
  return marks.sort((a, b) => a.checkpoint.size - b.checkpoint.size);
}

/** Compares older heads with the tree while it grows, and remembers the first that differs. */
export class MarkWatch {
  readonly #marks: readonly Mark[];
  #next = 0;
  /** The largest size at which the tree is known to be what was signed. */
  goodSize: number;
  /** How many older heads agreed. */
  agreed = 0;
  differing: { readonly mark: Mark; readonly afterSize: number } | null = null;

  constructor(marks: readonly Mark[], fromSize: number) {
    this.#marks = marks.filter(({ checkpoint }) => checkpoint.size >= fromSize);
    this.goodSize = fromSize;
  }

  /** The size at which {@link compare} is due next. */
  get nextSize(): number {
    return this.#marks[this.#next]?.checkpoint.size ?? Number.POSITIVE_INFINITY;
  }

  compare(tree: TreeBuilder): void {
    for (; this.nextSize === tree.size; this.#next++) {
      const mark = this.#marks[this.#next];
      if (mark === undefined || this.differing !== null) continue;
      if (sameBytes(mark.checkpoint.root, tree.root())) {
        this.goodSize = tree.size;
        this.agreed += 1;
      } else {
        this.differing = { mark, afterSize: this.goodSize };
      }
    }
  }
}

/**
 * The reader's own checkpoints have to be inside what was exported. Throws `ROLLED_BACK` for one
 * that is larger than the head, `FORKED` for one of the same size and another root, and
 * `OLDER_CHECKPOINT_OUTSIDE`.
 */
export function checkOwnMarks(
  marks: readonly Mark[],
  head: CheckpointNote,
  { fromIndex, toIndex }: ExportManifest,
): void {
  for (const { checkpoint } of marks.filter(({ own }) => own)) {
    const { size } = checkpoint;
    checkSameHead(checkpoint, head);
    if (size > head.size) {
      throw new EvidenceFault(
        "ROLLED_BACK",
        `You hold a checkpoint of ${size} entries, and the log here has ${head.size}. Either the export is older than your checkpoint, or entries were removed.`,
      );
    }
    if (size !== head.size && (size < fromIndex || size > toIndex)) {
      throw new EvidenceFault(
        "OLDER_CHECKPOINT_OUTSIDE",
        `Your checkpoint is of ${size} entries, and this export goes from ${fromIndex} to ${toIndex}. Export a range that holds it.`,
      );
    }
  }
}
