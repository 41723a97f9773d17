import { plainSha256, type TreeHash, treeHash } from "./hash.ts";
import { rootOfRange, type TreeNodes } from "./nodes.ts";
import { fullLevels, isCount, splitOf } from "./shape.ts";

const PLAIN = treeHash(plainSha256);

/**
 * What proves that leaf `index` (from zero) is in the log of `size` leaves, bottom up (RFC 6962,
 * section 2.1.1). Throws a RangeError when there is no such leaf.
 */
export function inclusionProof(
  index: number,
  size: number,
  tree: TreeNodes,
  hash: TreeHash = PLAIN,
): Uint8Array[] {
  if (!(isCount(index) && isCount(size) && index < size)) {
    throw new RangeError("no such leaf in a log of that size");
  }
  const proof: Uint8Array[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const middle = start + splitOf(end - start);
    if (index < middle) {
      proof.unshift(rootOfRange(middle, end, tree, hash));
      end = middle;
    } else {
      proof.unshift(rootOfRange(start, middle, tree, hash));
      start = middle;
    }
  }
  return proof;
}

/**
 * What proves that the log of `second` leaves begins with the log of `first` leaves (RFC 6962,
 * section 2.1.2). Every log begins with the empty one, which needs no proof. Throws a RangeError
 * when `first` is larger than `second`.
 */
export function consistencyProof(
  first: number,
  second: number,
  tree: TreeNodes,
  hash: TreeHash = PLAIN,
): Uint8Array[] {
  if (!(isCount(first) && isCount(second) && first <= second)) {
    throw new RangeError("a consistency proof runs from a smaller log to a larger one");
  }
  if (first === 0) return [];
  const proof: Uint8Array[] = [];
  let start = 0;
  let end = second;
  // True while the range begins at zero, where the verifier already holds the root of `first`.
  let known = true;
  while (first < end) {
    const middle = start + splitOf(end - start);
    if (first <= middle) {
      proof.unshift(rootOfRange(middle, end, tree, hash));
      end = middle;
    } else {
      proof.unshift(rootOfRange(start, middle, tree, hash));
      start = middle;
      known = false;
    }
  }
  if (!known) proof.unshift(rootOfRange(start, end, tree, hash));
  return proof;
}

/** The hashes that sum up the first `size` leaves, largest subtree first (see Frontier). */
export function frontierProof(size: number, tree: TreeNodes): Uint8Array[] {
  let start = 0;
  return fullLevels(size).map((level) => {
    const node = tree.node(level, start / 2 ** level);
    start += 2 ** level;
    return node;
  });
}
