import { sameBytes } from "../bytes.ts";
import type { CheckpointNote } from "../checkpoint/checkpoint.ts";
import { parseCheckpointNote } from "../checkpoint/checkpoint.ts";
import { EvidenceFault } from "../fault.ts";
import { checkConsistency } from "../merkle/verify.ts";
import { openNote } from "../note/open.ts";
import { parseVkey, SIGNATURE_TYPES, type VerifierKey } from "../note/vkey.ts";
import type { WitnessedHead } from "./add-checkpoint.ts";

/** A head that a log shows to its one witness, with what is to prove that it goes on. */
export interface ShownHead {
  readonly checkpoint: CheckpointNote;
  /** The key that the log says it signs with now. */
  readonly vkey: string;
  /** Heads signed by an older key and the next one, oldest first; `vkey` is the next one. */
  readonly handovers: readonly { readonly vkey: string; readonly note: string }[];
  /** Consistency proofs to this head, by the size they begin at. */
  readonly proofs: ReadonlyMap<number, readonly Uint8Array[]>;
}

/** What a witness holds of a log. */
export interface HeldLog {
  readonly origin: string;
  /** The log's key, as pinned. */
  readonly vkey: string;
  readonly head: WitnessedHead;
  /** The root it held at a smaller size; null for a size of which it kept none. */
  rootAt(size: number): Uint8Array | null;
  /** Heads smaller than its own that were shown since: what is cosigned next has to contain them too. */
  readonly owed: readonly WitnessedHead[];
}

/**
 * What a witness does with a head:
 *
 * - `cosign`: it goes on from everything that was seen. To be stored first, then signed.
 * - `ask`: proofs from these sizes are needed, and not all of them are there.
 * - `rolled_back`: smaller than ours and, as far as we can tell, what ours was then. `proved` says
 *   whether we hold that very head; otherwise the next head has to prove it.
 * - `forked`: it contradicts what we hold; both signed heads together prove it.
 * - `another_log`: a log of another name, in place of the one we hold.
 * - `refuse`: no head of this log; nothing is concluded from it.
 */
export type HeadVerdict =
  | { readonly act: "cosign"; readonly head: WitnessedHead; readonly vkey: string }
  | { readonly act: "ask"; readonly from: readonly number[] }
  | { readonly act: "rolled_back"; readonly shown: WitnessedHead; readonly proved: boolean }
  | { readonly act: "forked"; readonly shown: WitnessedHead; readonly at: number }
  | { readonly act: "another_log"; readonly origin: string }
  | {
      readonly act: "refuse";
      readonly code: "MALFORMED" | "BAD_SIGNATURE";
      readonly why: string;
    };

/**
 * Judges a head against what is held of the log; `held` is null for a witness that begins, which pins
 * name and key. Pure: storing, signing and stopping are the caller's. Never throws for what was shown.
 */
export async function judgeHead(shown: ShownHead, held: HeldLog | null): Promise<HeadVerdict> {
  const { checkpoint } = shown;
  const { origin, size, root } = checkpoint;
  const signed = await signedBy(shown, held);
  if (typeof signed !== "string") return signed;
  const head = { size, root };
  if (held === null) return { act: "cosign", head, vkey: signed };
  if (held.origin !== origin) return { act: "another_log", origin };
  if (size < held.head.size) return smaller(head, held);
  if (size === held.head.size && !sameBytes(root, held.head.root)) {
    return { act: "forked", shown: head, at: size };
  }
  const seen = [held.head, ...held.owed].filter((one) => one.size > 0 && one.size < size);
  // All of them, so that what is shown next has everything beside each other.
  if (seen.some((one) => !shown.proofs.has(one.size))) {
    return { act: "ask", from: seen.map((one) => one.size) };
  }
  for (const one of seen) {
    if (!goesOn(one, head, shown.proofs.get(one.size) ?? [])) {
      return { act: "forked", shown: head, at: one.size };
    }
  }
  return { act: "cosign", head, vkey: signed };
}

function smaller(shown: WitnessedHead, held: HeldLog): HeadVerdict {
  const ours = held.rootAt(shown.size);
  if (ours !== null && !sameBytes(ours, shown.root)) {
    return { act: "forked", shown, at: shown.size };
  }
  return { act: "rolled_back", shown, proved: ours !== null };
}

/** The key by which the head counts, or why it does not. */
async function signedBy(
  { checkpoint, vkey, handovers }: ShownHead,
  held: HeldLog | null,
): Promise<string | HeadVerdict> {
  try {
    const said = keyOf(vkey, checkpoint.origin);
    // A log of another name has a key of its own: it says who it is, and is not taken for ours.
    let key =
      held === null || held.origin !== checkpoint.origin ? said : keyOf(held.vkey, held.origin);
    for (const next of handovers) {
      if (held === null || key.id === said.id) break;
      key = await handedOver(key, next);
    }
    await openNote(checkpoint.note, [key]);
    return key.id === said.id ? vkey : (held?.vkey ?? vkey);
  } catch (thrown) {
    if (!(thrown instanceof EvidenceFault)) throw thrown;
    const malformed = thrown.code === "VKEY_MALFORMED" || thrown.code === "LOG_KEY_DIFFERS";
    return {
      act: "refuse",
      code: malformed ? "MALFORMED" : "BAD_SIGNATURE",
      why: thrown.message,
    };
  }
}

/** The next key, where the present one and the next have both signed; the present one else. */
async function handedOver(
  key: VerifierKey,
  { vkey, note }: { vkey: string; note: string },
): Promise<VerifierKey> {
  const next = keyOf(vkey, key.name);
  const head = parseCheckpointNote(note);
  if (head.origin !== key.name) return key;
  const signed = head.note.signatures.map(({ id }) => id);
  if (!signed.includes(key.id) || !signed.includes(next.id)) return key;
  await openNote(head.note, [key]);
  await openNote(head.note, [next]);
  return next;
}

function keyOf(vkey: string, origin: string): VerifierKey {
  const key = parseVkey(vkey);
  if (key.name !== origin || key.type !== SIGNATURE_TYPES.ed25519) {
    throw new EvidenceFault("LOG_KEY_DIFFERS", "The key shown cannot sign for this log.");
  }
  return key;
}

function goesOn(from: WitnessedHead, to: WitnessedHead, proof: readonly Uint8Array[]): boolean {
  try {
    checkConsistency({
      first: from.size,
      second: to.size,
      firstRoot: from.root,
      secondRoot: to.root,
      proof,
    });
    return true;
  } catch (thrown) {
    if (thrown instanceof EvidenceFault) return false;
    throw thrown;
  }
}
