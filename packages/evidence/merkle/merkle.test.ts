import { sha256 } from "@noble/hashes/sha2.js";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat, sameBytes, utf8 } from "../bytes.ts";
import { tilesOf } from "../tiles/path.ts";
import { tileBytes, treeOfTiles } from "../tiles/tile.ts";
import { frontierOf, TreeBuilder } from "./frontier.ts";
import { EMPTY_ROOT, hashLeaf } from "./hash.ts";
import { completedBy, nodesOfLeaves, type TreeNodes, treeRoot } from "./nodes.ts";
import { consistencyProof, frontierProof, inclusionProof } from "./proofs.ts";
import { verifyConsistency, verifyInclusion } from "./verify.ts";

const SEED = 20_261_130;
const SIZE_MAX = 320;
const leaves = Array.from({ length: SIZE_MAX }, (_, n) => hashLeaf(utf8(`leaf ${n}`)));
const tree = nodesOfLeaves(leaves);
const roots = Array.from({ length: SIZE_MAX + 1 }, (_, size) => treeRoot(size, tree));
const rootAt = (size: number): Uint8Array => roots[size] ?? EMPTY_ROOT;
const leafAt = (index: number): Uint8Array => leaves[index] ?? EMPTY_ROOT;
const sizes = fc.integer({ min: 1, max: SIZE_MAX });

/** RFC 6962, section 2.1, word for word. */
function rootByDefinition(from: readonly Uint8Array[]): Uint8Array {
  const [first] = from;
  if (first === undefined) return sha256(new Uint8Array());
  if (from.length === 1) return first;
  let k = 1;
  while (k * 2 < from.length) k *= 2;
  return sha256(
    concat(Uint8Array.of(1), rootByDefinition(from.slice(0, k)), rootByDefinition(from.slice(k))),
  );
}

describe("the tree at every size up to some hundreds", () => {
  it("has the root that the definition gives, appended one by one or read from nodes", () => {
    const builder = new TreeBuilder();
    for (let size = 0; size <= SIZE_MAX; size++) {
      expect(sameBytes(builder.root(), rootAt(size))).toBe(true);
      expect(builder.frontier().hashes.length).toBeLessThanOrEqual(9);
      builder.append(leafAt(size));
    }
    for (const size of [0, 1, 2, 3, 64, 65, 255, 256, 257, SIZE_MAX]) {
      expect(rootAt(size)).toEqual(rootByDefinition(leaves.slice(0, size)));
    }
  });

  it("goes on from any frontier, which is also what the nodes sum up to", () => {
    const builder = new TreeBuilder();
    for (let size = 0; size < SIZE_MAX; size++) {
      const { hashes } = builder.frontier();
      expect(frontierProof(size, tree)).toEqual(hashes);
      const resumed = new TreeBuilder(frontierOf(size, hashes));
      resumed.append(leafAt(size));
      builder.append(leafAt(size));
      expect(sameBytes(resumed.root(), builder.root())).toBe(true);
    }
    expect(() => frontierOf(3, [EMPTY_ROOT])).toThrow();
  });

  it("proves every entry of every size, and takes no proof for a neighbour", () => {
    for (let size = 1; size <= SIZE_MAX; size++) {
      for (const index of new Set([0, size >> 1, (size * 7) % size, size - 1])) {
        const proof = inclusionProof(index, size, tree);
        expect(verifyInclusion(leafAt(index), index, size, proof, rootAt(size))).toBe(true);
        const other = (index + 1) % size;
        expect(verifyInclusion(leafAt(index), other, size, proof, rootAt(size))).toBe(size === 1);
      }
    }
  });

  it("proves that every size goes on from every smaller one", () => {
    for (let second = 0; second <= SIZE_MAX; second += second < 70 ? 1 : 10) {
      for (let first = 0; first <= second; first++) {
        const proof = consistencyProof(first, second, tree);
        expect(verifyConsistency(first, second, rootAt(first), rootAt(second), proof)).toBe(true);
      }
    }
  });
});

describe("a wrong proof is refused", () => {
  const run = (property: Parameters<typeof fc.assert>[0]) =>
    fc.assert(property, { seed: SEED, numRuns: 600 });
  const flip = (bytes: Uint8Array, bit: number): Uint8Array =>
    bytes.map((byte, at) => (at === (bit >> 3) % bytes.length ? byte ^ (1 << (bit & 7)) : byte));

  it("of inclusion: any bit of leaf, root or proof, any cut, addition, index or size", () => {
    run(
      fc.property(sizes, fc.nat(), fc.nat(), sizes, (size, a, bit, otherSize) => {
        const index = a % size;
        const [leaf, root] = [leafAt(index), rootAt(size)];
        const proof = inclusionProof(index, size, tree);
        const wrong = (...claim: Parameters<typeof verifyInclusion>) =>
          expect(verifyInclusion(...claim)).toBe(false);
        wrong(flip(leaf, bit), index, size, proof, root);
        wrong(leaf, index, size, proof, flip(root, bit));
        wrong(leaf, index, size, [...proof, leaf], root);
        wrong(leaf, size, size, proof, root);
        wrong(leaf, -1, size, proof, root);
        wrong(leaf, index + 0.5, size, proof, root);
        wrong(leaf.slice(1), index, size, proof, root);
        if (otherSize !== size) wrong(leaf, index, size, proof, rootAt(otherSize));
        proof.forEach((hash, at) => {
          wrong(leaf, index, size, proof.toSpliced(at, 1), root);
          wrong(leaf, index, size, proof.toSpliced(at, 1, flip(hash, bit)), root);
        });
      }),
    );
  });

  it("of consistency: any bit of either root or the proof, any cut or addition, the sizes turned round", () => {
    run(
      fc.property(sizes, sizes, fc.nat(), (a, b, bit) => {
        const [first, second] = a < b ? [a, b] : [b, a];
        const [older, newer] = [rootAt(first), rootAt(second)];
        const proof = consistencyProof(first, second, tree);
        const wrong = (...claim: Parameters<typeof verifyConsistency>) =>
          expect(verifyConsistency(...claim)).toBe(false);
        wrong(first, second, flip(older, bit), newer, proof);
        wrong(first, second, older, flip(newer, bit), proof);
        wrong(first, second, older, newer, [...proof, older]);
        if (first < second) wrong(second, first, newer, older, proof);
        proof.forEach((hash, at) => {
          wrong(first, second, older, newer, proof.toSpliced(at, 1));
          wrong(first, second, older, newer, proof.toSpliced(at, 1, flip(hash, bit)));
        });
      }),
    );
  });

  it("of a log that was changed anywhere and grown again: no holder of an older root is led to it", () => {
    run(
      fc.property(sizes, sizes, fc.nat(), (a, b, at) => {
        const [first, second] = a < b ? [a, b] : [b, a];
        const changed = leaves.toSpliced(at % first, 1, hashLeaf(utf8("changed")));
        const forked = nodesOfLeaves(changed);
        const proof = consistencyProof(first, second, forked);
        const newer = treeRoot(second, forked);
        expect(verifyConsistency(first, second, rootAt(first), newer, proof)).toBe(false);
      }),
    );
  });
});

describe("what is kept", () => {
  it("is about two hashes a leaf, none ever written twice, and gives the same nodes", () => {
    const rows: Uint8Array[][] = [];
    const stored: TreeNodes = {
      node(level, index) {
        const hash = rows[(index + 1) * 2 ** level - 1]?.[level];
        if (hash === undefined) throw new RangeError("not final");
        return hash;
      },
    };
    leaves.forEach((leaf, at) => {
      rows.push(completedBy(leaf, at + 1, stored));
    });
    expect(rows.slice(0, 256).flat()).toHaveLength(2 * 256 - 1);
    expect(treeRoot(SIZE_MAX, stored)).toEqual(rootAt(SIZE_MAX));
  });

  it("in tiles is what the tree is, at any size", () => {
    const sizesWithTiles = fc.oneof(sizes, fc.constantFrom(255, 256, 257, SIZE_MAX));
    fc.assert(
      fc.property(sizesWithTiles, fc.nat(), fc.nat(), (size, a, b) => {
        const served = new Map(
          [...tilesOf(size)].map((tile) => [
            `${tile.level}/${tile.index}/${tile.width}`,
            tileBytes(tile, tree),
          ]),
        );
        const tiles = treeOfTiles(size, ({ level, index, width }) => {
          const bytes = served.get(`${level}/${index}/${width}`);
          if (bytes === undefined) throw new RangeError("no such tile");
          return bytes;
        });
        expect(treeRoot(size, tiles)).toEqual(rootAt(size));
        expect(inclusionProof(a % size, size, tiles)).toEqual(inclusionProof(a % size, size, tree));
        const first = 1 + (b % size);
        expect(consistencyProof(first, size, tiles)).toEqual(consistencyProof(first, size, tree));
      }),
      { seed: SEED, numRuns: 150 },
    );
  });
});
