import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  completedBy,
  consistencyProof,
  hashLeaf,
  inclusionProof,
  type TreeNodes,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
} from "./merkle.ts";

const SEED = 20261120;
const MAX_LEAVES = 130;

/** A log of `size` leaves, kept the way the account's object keeps it: node by node, append only. */
function grow(size: number): { leaves: Uint8Array[]; tree: TreeNodes } {
  const rows: Uint8Array[][] = [];
  const tree: TreeNodes = {
    node(level, index) {
      const hash = rows[(index + 1) * 2 ** level - 1]?.[level];
      if (hash === undefined) throw new Error(`node ${level}/${index} is not final`);
      return hash;
    },
  };
  const leaves: Uint8Array[] = [];
  for (let n = 1; n <= size; n++) {
    const leaf = hashLeaf(new TextEncoder().encode(`leaf ${n}`));
    leaves.push(leaf);
    rows.push(completedBy(leaf, n, tree));
  }
  return { leaves, tree };
}

/** RFC 6962, section 2.1, word for word. */
function rootByDefinition(leaves: Uint8Array[]): Uint8Array {
  const [first] = leaves;
  if (first === undefined) return sha256(new Uint8Array());
  if (leaves.length === 1) return first;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  const left = rootByDefinition(leaves.slice(0, k));
  const right = rootByDefinition(leaves.slice(k));
  return sha256(Uint8Array.of(1, ...left, ...right));
}

const log = grow(MAX_LEAVES);
const sizes = fc.integer({ min: 1, max: MAX_LEAVES });
const run = (property: Parameters<typeof fc.assert>[0]) =>
  fc.assert(property, { seed: SEED, numRuns: 400 });

describe("the Merkle tree of RFC 6962", () => {
  it("hashes an empty leaf and an empty log as the RFC's test vectors do", () => {
    expect(bytesToHex(hashLeaf(new Uint8Array()))).toBe(
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    );
    expect(bytesToHex(treeRoot(0, grow(0).tree))).toBe(
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
  });

  it("has at every size the root that the definition gives", () => {
    for (let size = 0; size <= MAX_LEAVES; size++) {
      expect(treeRoot(size, log.tree)).toEqual(rootByDefinition(log.leaves.slice(0, size)));
    }
  });

  it("proves every leaf in every log, and no other leaf, place or size", () => {
    run(
      fc.property(sizes, fc.nat(), fc.nat(), (size, a, b) => {
        const index = a % size;
        const other = b % size;
        const root = treeRoot(size, log.tree);
        const leaf = log.leaves[index] ?? new Uint8Array();
        const proof = inclusionProof(index, size, log.tree);
        expect(verifyInclusion(leaf, index, size, proof, root)).toBe(true);
        expect(verifyInclusion(leaf, other, size, proof, root)).toBe(other === index);
        expect(verifyInclusion(hashLeaf(leaf), index, size, proof, root)).toBe(false);
        expect(verifyInclusion(leaf, index, size, [...proof, leaf], root)).toBe(false);
        if (proof.length > 0) {
          expect(verifyInclusion(leaf, index, size, proof.slice(1), root)).toBe(false);
        }
      }),
    );
  });

  it("proves that a log continues an older one, and not one that was changed or cut", () => {
    run(
      fc.property(sizes, sizes, (a, b) => {
        const [first, second] = a < b ? [a, b] : [b, a];
        const older = treeRoot(first, log.tree);
        const newer = treeRoot(second, log.tree);
        const proof = consistencyProof(first, second, log.tree);
        expect(verifyConsistency(first, second, older, newer, proof)).toBe(true);
        expect(verifyConsistency(first, second, sha256(older), newer, proof)).toBe(false);
        expect(verifyConsistency(first, second, older, sha256(newer), proof)).toBe(false);
        if (first < second) {
          expect(verifyConsistency(first, second, older, newer, proof.slice(1))).toBe(false);
          expect(verifyConsistency(second, first, newer, older, proof)).toBe(false);
        }
      }),
    );
  });

  it("keeps about two hashes for each leaf and never rewrites one", () => {
    let kept = 0;
    for (let n = 1; n <= 128; n++) {
      kept += completedBy(log.leaves[n - 1] ?? new Uint8Array(), n, log.tree).length;
    }
    expect(kept).toBe(2 * 128 - 1);
  });
});
