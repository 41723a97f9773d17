import { sameBytes } from "../bytes.ts";
import { EvidenceFault } from "../fault.ts";
import { HASH_BYTES, plainSha256, type TreeHash, treeHash } from "./hash.ts";
import { isCount, isPowerOfTwo, siblingSides } from "./shape.ts";

const PLAIN = treeHash(plainSha256);

/**
 * Checks that a leaf's hash stands at `index` (from zero) in the log of `size` leaves with that root
 * (RFC 9162, section 2.1.3.2). Throws `INDEX_OUTSIDE`, `PROOF_LENGTH` or `ROOT_DIFFERS`.
 */
export function checkInclusion(
  claim: {
    leaf: Uint8Array;
    index: number;
    size: number;
    proof: readonly Uint8Array[];
    root: Uint8Array;
  },
  hash: TreeHash = PLAIN,
): void {
  const { leaf, index, size, proof, root } = claim;
  if (!(isCount(index) && isCount(size) && index < size)) {
    throw new EvidenceFault("INDEX_OUTSIDE", `A log of ${size} entries has no index ${index}.`);
  }
  const sides = siblingSides(index, size - 1);
  checkHash(leaf);
  checkLength(proof, sides.length);
  if (!sameBytes(climb(leaf, proof, sides, hash), root)) {
    throw new EvidenceFault("ROOT_DIFFERS", "The proof leads to another root than the signed one.");
  }
}

/**
 * Checks that the log of `second` leaves begins with the log of `first` leaves (RFC 9162, section
 * 2.1.4.2). The empty log begins every log, without a proof. Throws `INDEX_OUTSIDE`, `PROOF_LENGTH`
 * or `ROOT_DIFFERS`.
 */
export function checkConsistency(
  claim: {
    first: number;
    second: number;
    firstRoot: Uint8Array;
    secondRoot: Uint8Array;
    proof: readonly Uint8Array[];
  },
  hash: TreeHash = PLAIN,
): void {
  const { first, second, firstRoot, secondRoot, proof } = claim;
  if (!(isCount(first) && isCount(second) && first <= second)) {
    throw new EvidenceFault(
      "INDEX_OUTSIDE",
      `A log of ${second} entries does not continue one of ${first}.`,
    );
  }
  checkHash(firstRoot);
  if (first === 0 || first === second) {
    checkLength(proof, 0);
    const same = first === second ? secondRoot : hash.empty;
    if (!sameBytes(firstRoot, same)) {
      throw new EvidenceFault("ROOT_DIFFERS", `Two logs of ${first} entries have different roots.`);
    }
    return;
  }
  const [older, newer] = impliedRoots(first, second, firstRoot, proof, hash);
  if (!sameBytes(older, firstRoot)) {
    throw new EvidenceFault("ROOT_DIFFERS", `The proof leads to another root at size ${first}.`);
  }
  if (!sameBytes(newer, secondRoot)) {
    throw new EvidenceFault("ROOT_DIFFERS", `The proof leads to another root at size ${second}.`);
  }
}

/** Whether {@link checkInclusion} passes. */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  return holds(() => checkInclusion({ leaf, index, size, proof, root }));
}

/** Whether {@link checkConsistency} passes. */
export function verifyConsistency(
  first: number,
  second: number,
  firstRoot: Uint8Array,
  secondRoot: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  return holds(() => checkConsistency({ first, second, firstRoot, secondRoot, proof }));
}

/** Both roots that a proof leads to. */
function impliedRoots(
  first: number,
  second: number,
  firstRoot: Uint8Array,
  proof: readonly Uint8Array[],
  hash: TreeHash,
): [older: Uint8Array, newer: Uint8Array] {
  // The path begins at the largest full subtree that ends where the older log ended.
  let position = first - 1;
  let last = second - 1;
  while (position % 2 === 1) {
    position = (position - 1) / 2;
    last = Math.floor(last / 2);
  }
  const sides = siblingSides(position, last);
  const whole = isPowerOfTwo(first);
  checkLength(proof, sides.length + (whole ? 0 : 1));
  const [seed = firstRoot, ...path] = whole ? [firstRoot, ...proof] : proof;
  // What stands to the left was there before; what stands to the right came since.
  const older = path.filter((_, at) => sides[at] === "left");
  const left = older.map(() => "left" as const);
  return [climb(seed, older, left, hash), climb(seed, path, sides, hash)];
}

function climb(
  from: Uint8Array,
  siblings: readonly Uint8Array[],
  sides: readonly ("left" | "right")[],
  hash: TreeHash,
): Uint8Array {
  return siblings.reduce(
    (node, sibling, at) =>
      sides[at] === "left" ? hash.node(sibling, node) : hash.node(node, sibling),
    from,
  );
}

function checkLength(proof: readonly Uint8Array[], wanted: number): void {
  if (proof.length !== wanted) {
    throw new EvidenceFault(
      "PROOF_LENGTH",
      `The proof has ${proof.length} hashes, and needs ${wanted}.`,
    );
  }
  proof.forEach(checkHash);
}

function checkHash(hash: Uint8Array): void {
  if (hash.length !== HASH_BYTES) {
    throw new EvidenceFault(
      "PROOF_LENGTH",
      `A hash is ${hash.length} bytes long, not ${HASH_BYTES}.`,
    );
  }
}

function holds(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (thrown) {
    if (thrown instanceof EvidenceFault) return false;
    throw thrown;
  }
}
