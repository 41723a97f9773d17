import { hashNode, plainSha256, type TreeHash, treeHash } from "./hash.ts";
import { isPowerOfTwo, levelOf, splitOf } from "./shape.ts";

/**
 * A log that keeps its nodes. A subtree of 2^level leaves that is full never changes again;
 * {@link completedBy} names those that an append fills. Kept beside that leaf they make any root or
 * proof O(log n) reads, and nothing that was stored is ever written again.
 */
export interface TreeNodes {
  /**
   * The root of a full subtree: `level` 0 is a leaf, `index` counts subtrees of that size from the
   * left. Throws when the log does not hold it.
   */
  node(level: number, index: number): Uint8Array;
}

const PLAIN = treeHash(plainSha256);

/**
 * The nodes that become final when `leaf` is appended as number `size` (counted from one): the
 * leaf itself first, then the root of every subtree that it fills, from small to large.
 */
export function completedBy(leaf: Uint8Array, size: number, tree: TreeNodes): Uint8Array[] {
  let last = leaf;
  const completed = [last];
  for (let level = 0, index = size - 1; index % 2 === 1; level++, index = (index - 1) / 2) {
    last = hashNode(tree.node(level, index - 1), last);
    completed.push(last);
  }
  return completed;
}

/** The root over the first `size` leaves. The empty log's root is the hash of nothing. */
export function treeRoot(size: number, tree: TreeNodes, hash: TreeHash = PLAIN): Uint8Array {
  return size === 0 ? hash.empty : rootOfRange(0, size, tree, hash);
}

/** `start` is a multiple of the largest power of two in the range, as in every split of RFC 6962. */
export function rootOfRange(
  start: number,
  end: number,
  tree: TreeNodes,
  hash: TreeHash = PLAIN,
): Uint8Array {
  const size = end - start;
  if (isPowerOfTwo(size)) return tree.node(levelOf(size), start / size);
  const split = splitOf(size);
  return hash.node(
    tree.node(levelOf(split), start / split),
    rootOfRange(start + split, end, tree, hash),
  );
}

/** Nodes over leaf hashes that lie in memory; for tests and for a witness that mirrors a log. */
export function nodesOfLeaves(leaves: readonly Uint8Array[], hash: TreeHash = PLAIN): TreeNodes {
  const levels: Uint8Array[][] = [[...leaves]];
  for (let below = levels[0] ?? []; below.length > 1; ) {
    const level: Uint8Array[] = [];
    for (let at = 0; at + 1 < below.length; at += 2) {
      const [left, right] = [below[at], below[at + 1]];
      if (left !== undefined && right !== undefined) level.push(hash.node(left, right));
    }
    levels.push(level);
    below = level;
  }
  return {
    node(level, index) {
      const found = levels[level]?.[index];
      if (found === undefined) throw new RangeError(`no full subtree ${level}/${index}`);
      return found;
    },
  };
}
