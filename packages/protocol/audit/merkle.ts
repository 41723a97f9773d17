import { sha256 } from "@noble/hashes/sha2.js";

/**
 * The Merkle tree of RFC 6962 (section 2.1) over a log that only grows.
 *
 * Every subtree of 2^level leaves that is full never changes again. `completedBy` names the ones
 * that an append fills; kept beside that leaf they make any root or proof O(log n) reads, and no
 * stored node is ever rewritten.
 */

/** A full subtree: `level` 0 is a leaf, `index` counts subtrees of that size from the left. */
export interface TreeNodes {
  node(level: number, index: number): Uint8Array;
}

const LEAF_PREFIX = 0x00;
const NODE_PREFIX = 0x01;

/**
 * The hash of a log entry as a leaf: SHA-256 of 0x00 and the entry's bytes (RFC 6962, section 2.1).
 */
export function hashLeaf(data: Uint8Array): Uint8Array {
  return sha256.create().update(Uint8Array.of(LEAF_PREFIX)).update(data).digest();
}

function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256.create().update(Uint8Array.of(NODE_PREFIX)).update(left).update(right).digest();
}

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
export function treeRoot(size: number, tree: TreeNodes): Uint8Array {
  return size === 0 ? sha256(new Uint8Array()) : rootOfRange(0, size, tree);
}

/** What proves that leaf `index` (from zero) is in the log of `size` leaves; bottom up. */
export function inclusionProof(index: number, size: number, tree: TreeNodes): Uint8Array[] {
  if (!(Number.isSafeInteger(index) && index >= 0 && index < size)) {
    throw new RangeError("no such leaf in a log of that size");
  }
  const proof: Uint8Array[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const middle = start + splitOf(end - start);
    if (index < middle) {
      proof.unshift(rootOfRange(middle, end, tree));
      end = middle;
    } else {
      proof.unshift(rootOfRange(start, middle, tree));
      start = middle;
    }
  }
  return proof;
}

/** What proves that the log of `second` leaves begins with the log of `first` leaves. */
export function consistencyProof(first: number, second: number, tree: TreeNodes): Uint8Array[] {
  if (!(Number.isSafeInteger(first) && first >= 1 && first <= second)) {
    throw new RangeError("a consistency proof runs from a smaller log to a larger one");
  }
  const proof: Uint8Array[] = [];
  let start = 0;
  let end = second;
  // True while the range begins at zero, where the verifier already holds the root of `first`.
  let known = true;
  while (first < end) {
    const middle = start + splitOf(end - start);
    if (first <= middle) {
      proof.unshift(rootOfRange(middle, end, tree));
      end = middle;
    } else {
      proof.unshift(rootOfRange(start, middle, tree));
      start = middle;
      known = false;
    }
  }
  if (!known) proof.unshift(rootOfRange(start, end, tree));
  return proof;
}

/** RFC 9162, section 2.1.3.2. */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!(Number.isSafeInteger(index) && index >= 0 && index < size)) return false;
  const sides = siblingSides(index, size - 1);
  return sides.length === proof.length && sameBytes(climb(leaf, proof, sides), root);
}

/** RFC 9162, section 2.1.4.2. */
export function verifyConsistency(
  first: number,
  second: number,
  firstRoot: Uint8Array,
  secondRoot: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!(Number.isSafeInteger(first) && first >= 1 && first <= second)) return false;
  if (first === second) return proof.length === 0 && sameBytes(firstRoot, secondRoot);
  // The path begins at the largest full subtree that ends where the older log ended.
  let position = first - 1;
  let last = second - 1;
  while (position % 2 === 1) {
    position = (position - 1) / 2;
    last = Math.floor(last / 2);
  }
  const [seed, ...path] = isPowerOfTwo(first) ? [firstRoot, ...proof] : proof;
  const sides = siblingSides(position, last);
  if (seed === undefined || sides.length !== path.length) return false;
  // What stands to the left was there before; what stands to the right came since.
  const older = path.filter((_, at) => sides[at] === "left");
  return (
    sameBytes(
      climb(
        seed,
        older,
        older.map(() => "left"),
      ),
      firstRoot,
    ) && sameBytes(climb(seed, path, sides), secondRoot)
  );
}

/** On which side each sibling stands on the way from a node to the root, bottom up. */
function siblingSides(position: number, last: number): ("left" | "right")[] {
  const sides: ("left" | "right")[] = [];
  while (last > 0) {
    // The last node of its level has no sibling to the right; it rises until it has one to the left.
    if (position % 2 === 1) sides.push("left");
    else if (position < last) sides.push("right");
    position = Math.floor(position / 2);
    last = Math.floor(last / 2);
  }
  return sides;
}

function climb(
  from: Uint8Array,
  siblings: readonly Uint8Array[],
  sides: readonly ("left" | "right")[],
): Uint8Array {
  return siblings.reduce(
    (hash, sibling, at) =>
      sides[at] === "left" ? hashNode(sibling, hash) : hashNode(hash, sibling),
    from,
  );
}

/** `start` is a multiple of the largest power of two in the range, as in every RFC 6962 split. */
function rootOfRange(start: number, end: number, tree: TreeNodes): Uint8Array {
  const size = end - start;
  if (isPowerOfTwo(size)) return tree.node(levelOf(size), start / size);
  const split = splitOf(size);
  return hashNode(tree.node(levelOf(split), start / split), rootOfRange(start + split, end, tree));
}

/** The largest power of two below `size` (at least two). */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

/** The smallest level whose subtrees hold at least `size` leaves. */
function levelOf(size: number): number {
  let level = 0;
  while (2 ** level < size) level++;
  return level;
}

function isPowerOfTwo(value: number): boolean {
  return 2 ** levelOf(value) === value;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
