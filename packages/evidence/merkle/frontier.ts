import { EvidenceFault } from "../fault.ts";
import { HASH_BYTES, plainSha256, type TreeHash, treeHash } from "./hash.ts";
import { fullLevels, isCount } from "./shape.ts";

/**
 * The little that has to be kept of a log in order to go on with it: its size and the roots of the
 * full subtrees it consists of, largest first. At most 53 hashes, for any size.
 */
export interface Frontier {
  readonly size: number;
  readonly hashes: readonly Uint8Array[];
}

const PLAIN = treeHash(plainSha256);

export const EMPTY_FRONTIER: Frontier = { size: 0, hashes: [] };

/**
 * A frontier from its parts, as a file or a table holds them. Throws `PROOF_LENGTH` when the number
 * of hashes does not belong to the size, or one is not 32 bytes.
 */
export function frontierOf(size: number, hashes: readonly Uint8Array[]): Frontier {
  if (!isCount(size)) throw new EvidenceFault("INDEX_OUTSIDE", "A log's size is a whole number.");
  const wanted = fullLevels(size).length;
  if (hashes.length !== wanted || hashes.some(({ length }) => length !== HASH_BYTES)) {
    throw new EvidenceFault(
      "PROOF_LENGTH",
      `A log of ${size} entries is summed up in ${wanted} hashes of 32 bytes; here are ${hashes.length}.`,
    );
  }
  return { size, hashes };
}

/** Goes on from a frontier, leaf by leaf. Appending is O(1) on average, O(log n) at most. */
export class TreeBuilder {
  #size: number;
  readonly #hashes: Uint8Array[];
  readonly #hash: TreeHash;

  constructor(from: Frontier = EMPTY_FRONTIER, hash: TreeHash = PLAIN) {
    this.#size = from.size;
    this.#hashes = [...from.hashes];
    this.#hash = hash;
  }

  /** How many leaves there are. */
  get size(): number {
    return this.#size;
  }

  /** Appends the hash of a leaf (32 bytes). */
  append(leaf: Uint8Array): void {
    let last = leaf;
    for (let index = this.#size; index % 2 === 1; index = (index - 1) / 2) {
      const left = this.#hashes.pop();
      if (left === undefined) throw new RangeError("the frontier lacks a hash");
      last = this.#hash.node(left, last);
    }
    this.#hashes.push(last);
    this.#size += 1;
  }

  /** The root over all leaves so far. */
  root(): Uint8Array {
    const last = this.#hashes.at(-1);
    if (last === undefined) return this.#hash.empty;
    return this.#hashes
      .slice(0, -1)
      .reduceRight((right, left) => this.#hash.node(left, right), last);
  }

  /** What to keep in order to go on from here. */
  frontier(): Frontier {
    return { size: this.#size, hashes: [...this.#hashes] };
  }
}
