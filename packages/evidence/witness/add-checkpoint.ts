import { fromBase64, sameBytes, toBase64, wholeNumber } from "../bytes.ts";
import { type CheckpointNote, parseCheckpointNote } from "../checkpoint/checkpoint.ts";
import { EvidenceFault } from "../fault.ts";
import { EMPTY_ROOT, HASH_BYTES } from "../merkle/hash.ts";
import { checkConsistency } from "../merkle/verify.ts";
import { openNote } from "../note/open.ts";
import type { VerifierKey } from "../note/vkey.ts";

/** What a log asks a witness (C2SP tlog-witness): a head, and that it goes on from an older one. */
export interface AddCheckpoint {
  /** The size that the witness cosigned last, as the log believes; 0 for none. */
  readonly oldSize: number;
  /** Consistency proof from `oldSize` to the checkpoint's size. */
  readonly proof: readonly Uint8Array[];
  readonly checkpoint: CheckpointNote;
}

/** What a witness keeps of a log between two requests. */
export interface WitnessedHead {
  readonly size: number;
  readonly root: Uint8Array;
}

/**
 * What a witness answers. After `cosign` it has to write the head down, and only when the stored size
 * is still the one it was judged by, before anybody sees the cosignature. `status` is tlog-witness's
 * HTTP status.
 */
export type WitnessVerdict =
  | { readonly act: "cosign"; readonly status: 200; readonly head: WitnessedHead }
  | {
      readonly act: "refuse";
      readonly status: 400 | 403 | 404 | 409 | 422;
      readonly code: "MALFORMED" | "BAD_SIGNATURE" | "UNKNOWN_LOG" | "OLD_SIZE" | "NOT_CONSISTENT";
      readonly why: string;
      /** The size that the witness holds, for `OLD_SIZE`. */
      readonly size: number | null;
    };

export const WITNESS_PROOF_MAX_HASHES = 63;

/** The body of a request: `old <size>`, the proof's hashes, an empty line, the checkpoint. */
export function formatAddCheckpoint(request: {
  oldSize: number;
  proof: readonly Uint8Array[];
  checkpoint: string;
}): string {
  const hashes = request.proof.map((hash) => `${toBase64(hash)}\n`).join("");
  return `old ${request.oldSize}\n${hashes}\n${request.checkpoint}`;
}

/** Reads a body. Throws `PROOF_FILE_MALFORMED`, and what parseCheckpointNote throws. */
export function parseAddCheckpoint(body: string): AddCheckpoint {
  const end = body.indexOf("\n\n");
  const [first = "", ...lines] = body.slice(0, Math.max(end, 0)).split("\n");
  const oldSize = first.startsWith("old ") ? wholeNumber(first.slice("old ".length)) : null;
  const proof = lines.map((line) => fromBase64(line));
  const hashes = proof
    .filter((hash) => hash !== null)
    .filter(({ length }) => length === HASH_BYTES);
  if (
    end === -1 ||
    oldSize === null ||
    hashes.length < lines.length ||
    hashes.length > WITNESS_PROOF_MAX_HASHES
  ) {
    throw new EvidenceFault(
      "PROOF_FILE_MALFORMED",
      "A witness was asked in another form than tlog-witness.",
    );
  }
  return { oldSize, proof: hashes, checkpoint: parseCheckpointNote(body.slice(end + 2)) };
}

/**
 * Judges a request, in the order of tlog-witness. `logs` are the keys of the logs that the witness
 * knows; `stored` is what it holds of this log, null for nothing.
 */
export async function judgeAddCheckpoint(
  { oldSize, proof, checkpoint }: AddCheckpoint,
  logs: readonly VerifierKey[],
  stored: WitnessedHead | null,
): Promise<WitnessVerdict> {
  const { origin, size, root, note } = checkpoint;
  const keys = logs.filter(({ name }) => name === origin);
  if (keys.length === 0) return refuse(404, "UNKNOWN_LOG", `No log is known as ${origin}.`);
  const unsigned = await faultOf(() => openNote(note, keys));
  if (unsigned !== null) return refuse(403, "BAD_SIGNATURE", unsigned.message);
  if (oldSize > size) {
    return refuse(400, "MALFORMED", `A log of ${size} entries does not go on from ${oldSize}.`);
  }
  const held = stored?.size ?? 0;
  if (oldSize !== held) {
    return refuse(409, "OLD_SIZE", `The last head that was cosigned has ${held} entries.`, held);
  }
  if (stored !== null && size === held && !sameBytes(root, stored.root)) {
    return refuse(422, "NOT_CONSISTENT", `Two heads of ${size} entries have different roots.`);
  }
  const broken = await faultOf(() =>
    checkConsistency({
      first: held,
      second: size,
      // Every log begins with the empty one.
      firstRoot: stored?.root ?? EMPTY_ROOT,
      secondRoot: root,
      proof,
    }),
  );
  if (broken !== null) return refuse(422, "NOT_CONSISTENT", broken.message);
  return { act: "cosign", status: 200, head: { size, root } };
}

async function faultOf(act: () => unknown): Promise<EvidenceFault | null> {
  try {
    await act();
    return null;
  } catch (thrown) {
    if (thrown instanceof EvidenceFault) return thrown;
    throw thrown;
  }
}

type Refusal = Extract<WitnessVerdict, { act: "refuse" }>;

function refuse(
  status: Refusal["status"],
  code: Refusal["code"],
  why: string,
  size: number | null = null,
): Refusal {
  return { act: "refuse", status, code, why, size };
}
