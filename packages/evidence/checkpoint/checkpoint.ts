import { fromBase64, sameBytes, toBase64, wholeNumber } from "../bytes.ts";
import { EvidenceFault } from "../fault.ts";
import { EMPTY_ROOT, HASH_BYTES } from "../merkle/hash.ts";
import { isCount } from "../merkle/shape.ts";
import { type Note, parseNote } from "../note/note.ts";

/** The head of a log after C2SP tlog-checkpoint: three lines, each ended by a line feed. */
export interface Checkpoint {
  /** The log's lasting name: an address without scheme and closing slash. */
  readonly origin: string;
  /** How many entries. */
  readonly size: number;
  /** 32 bytes; SHA-256 of nothing when the log is empty. */
  readonly root: Uint8Array;
}

/** A checkpoint with the note it stands in. */
export interface CheckpointNote extends Checkpoint {
  readonly note: Note;
}

/** The text of a note over a checkpoint. Throws `CHECKPOINT_MALFORMED`. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  const text = `${origin}\n${size}\n${toBase64(root)}\n`;
  const back = parseCheckpoint(text);
  if (back.origin !== origin) throw malformed("Its origin is more than one line.");
  return text;
}

/**
 * Reads a note's text. Lines after the third are extensions: they are signed like the rest and mean
 * nothing here. Throws `CHECKPOINT_MALFORMED`.
 */
export function parseCheckpoint(text: string): Checkpoint {
  const lines = text.split("\n");
  if (lines.pop() !== "") throw malformed("Its last line does not end.");
  const [origin, sizeText, rootText, ...extensions] = lines;
  if (origin === undefined || sizeText === undefined || rootText === undefined) {
    throw malformed("It has fewer than three lines.");
  }
  if (origin === "" || extensions.includes("")) throw malformed("A line is empty.");
  const size = wholeNumber(sizeText);
  if (size === null || !isCount(size))
    throw malformed(`Its size is not a plain number: ${sizeText}.`);
  const root = fromBase64(rootText);
  if (root?.length !== HASH_BYTES) throw malformed("Its root is no padded base64 of 32 bytes.");
  if (size === 0 && !sameBytes(root, EMPTY_ROOT)) throw malformed("An empty log has another root.");
  return { origin, size, root };
}

/** Reads a signed checkpoint; verifies nothing. Throws what parseNote and parseCheckpoint throw. */
export function parseCheckpointNote(text: string): CheckpointNote {
  const note = parseNote(text);
  return { ...parseCheckpoint(note.text), note };
}

/** Throws `FORKED` when two heads of one log contradict each other at the same size. */
export function checkSameHead(a: Checkpoint, b: Checkpoint): void {
  if (a.origin === b.origin && a.size === b.size && !sameBytes(a.root, b.root)) {
    throw new EvidenceFault(
      "FORKED",
      `Two checkpoints of ${a.size} entries have different roots; together they prove that the log was forked.`,
    );
  }
}

function malformed(why: string): EvidenceFault {
  return new EvidenceFault("CHECKPOINT_MALFORMED", `A checkpoint cannot be read. ${why}`);
}
