import { fromBase64, toBase64, wholeNumber } from "../bytes.ts";
import { type CheckpointNote, parseCheckpointNote } from "../checkpoint/checkpoint.ts";
import { checkTrusted, type Signed, type TrustPolicy } from "../checkpoint/trust-policy.ts";
import { EvidenceFault } from "../fault.ts";
import { HASH_BYTES } from "../merkle/hash.ts";
import { checkInclusion } from "../merkle/verify.ts";
import { formatNote } from "../note/note.ts";

/** A C2SP tlog-proof: that one entry is in a log whose head is signed. Files end in `.tlog-proof`. */
export interface ProofFile {
  /** Proved by nothing but what the reader recomputes from it; null when absent. */
  readonly extra: Uint8Array | null;
  /** From zero; the entry's number in the log less one. */
  readonly index: number;
  /** Bottom up. */
  readonly proof: readonly Uint8Array[];
  readonly checkpoint: CheckpointNote;
}

export const PROOF_FILE_MAX_BYTES = 1_048_576;
export const PROOF_MAX_HASHES = 63;
const HEADER = "c2sp.org/tlog-proof@v1";

/** The text of a proof file. */
export function formatProofFile({ extra, index, proof, checkpoint }: ProofFile): string {
  const lines = [
    HEADER,
    ...(extra === null ? [] : [`extra ${toBase64(extra)}`]),
    `index ${index}`,
    ...proof.map(toBase64),
  ];
  return `${lines.join("\n")}\n\n${formatNote(checkpoint.note)}`;
}

/**
 * Reads a proof file; verifies nothing. Throws `PROOF_FILE_MALFORMED`, and what parseCheckpointNote
 * throws.
 */
export function parseProofFile(text: string): ProofFile {
  if (text.length > PROOF_FILE_MAX_BYTES) throw malformed("It is too long.");
  const end = text.indexOf("\n\n");
  if (end === -1) throw malformed("No empty line stands before its checkpoint.");
  const [header, ...lines] = text.slice(0, end).split("\n");
  if (header !== HEADER) throw malformed(`Its first line is not ${HEADER}.`);
  const extra = lines[0]?.startsWith("extra ") === true ? readExtra(lines.shift() ?? "") : null;
  const [, indexText = ""] = /^index (.*)$/.exec(lines.shift() ?? "") ?? [];
  const index = wholeNumber(indexText);
  if (index === null) throw malformed("Its index is no plain number.");
  if (lines.length > PROOF_MAX_HASHES) throw malformed("It has too many hashes.");
  return {
    extra,
    index,
    proof: lines.map(readHash),
    checkpoint: parseCheckpointNote(text.slice(end + 2)),
  };
}

/**
 * Verifies that the entry with this leaf hash is in the log, and who signed the head: first the
 * checkpoint by the reader's policy, then the way from the leaf to its root. Throws what
 * checkTrusted and checkInclusion throw.
 */
export async function checkProofFile(
  file: ProofFile,
  leaf: Uint8Array,
  policy: TrustPolicy,
  nowSeconds: number | null = null,
): Promise<Signed> {
  const signed = await checkTrusted(file.checkpoint, policy, { nowSeconds });
  const { size, root } = file.checkpoint;
  checkInclusion({ leaf, index: file.index, size, proof: file.proof, root });
  return signed;
}

function readExtra(line: string): Uint8Array {
  const extra = fromBase64(line.slice("extra ".length));
  if (extra === null) throw malformed("Its extra data is no padded base64.");
  return extra;
}

function readHash(line: string): Uint8Array {
  const hash = fromBase64(line);
  if (hash?.length !== HASH_BYTES) throw malformed("A line of its proof is no hash of 32 bytes.");
  return hash;
}

function malformed(why: string): EvidenceFault {
  return new EvidenceFault("PROOF_FILE_MALFORMED", `A proof file cannot be read. ${why}`);
}
