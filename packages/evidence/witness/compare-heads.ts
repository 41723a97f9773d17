import { sameBytes } from "../bytes.ts";
import { EvidenceFault } from "../fault.ts";
import { checkConsistency } from "../merkle/verify.ts";
import type { WitnessedHead } from "./add-checkpoint.ts";

/**
 * How a log that is shown stands to what a witness holds of it:
 *
 * - `same`: the very head. `grown`: larger, and proved to go on from ours.
 * - `rolled_back`: smaller, and exactly what ours was at that size. The log lost its end, as a
 *   restored copy does; what is missing can be put back.
 * - `forked`: it contradicts ours. Nothing heals that; both signed heads together prove it.
 * - `unproved`: larger, without a proof that would decide. Ask for one.
 */
export type HeadsCompared = "same" | "grown" | "rolled_back" | "forked" | "unproved";

/**
 * Compares a head with the witness's own. `rootAt` gives the root of the witness's mirror at a
 * smaller size (all leaf hashes are 32 bytes each, so a mirror is cheap); `proof` leads from the
 * witness's size to the larger one, null where none was given.
 */
export function compareHeads(
  shown: WitnessedHead,
  own: WitnessedHead,
  rootAt: (size: number) => Uint8Array,
  proof: readonly Uint8Array[] | null,
): HeadsCompared {
  if (shown.size < own.size) {
    return sameBytes(shown.root, rootAt(shown.size)) ? "rolled_back" : "forked";
  }
  if (shown.size === own.size) return sameBytes(shown.root, own.root) ? "same" : "forked";
  if (proof === null) return "unproved";
  try {
    checkConsistency({
      first: own.size,
      second: shown.size,
      firstRoot: own.root,
      secondRoot: shown.root,
      proof,
    });
    return "grown";
  } catch (thrown) {
    if (thrown instanceof EvidenceFault) return "forked";
    throw thrown;
  }
}
