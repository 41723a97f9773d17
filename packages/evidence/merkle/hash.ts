import { sha256 } from "@noble/hashes/sha2.js";

/** SHA-256 of bytes. A platform's own may stand in for the one in JavaScript where speed counts. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

export const HASH_BYTES = 32;
const LEAF_PREFIX = 0x00;
const NODE_PREFIX = 0x01;

/** SHA-256 in JavaScript: the same in Workers, Node and browsers, and synchronous. */
export const plainSha256: Sha256 = (bytes) => sha256(bytes);

/** The two hashes of RFC 6962, section 2.1. */
export interface TreeHash {
  /** SHA-256(0x00 ‖ entry). */
  leaf(entry: Uint8Array): Uint8Array;
  /** SHA-256(0x01 ‖ left ‖ right), each side 32 bytes. */
  node(left: Uint8Array, right: Uint8Array): Uint8Array;
  /** SHA-256 of nothing: the root of the log that has no entry. */
  readonly empty: Uint8Array;
}

/** The tree's hashes over a SHA-256. */
export function treeHash(digest: Sha256): TreeHash {
  const pair = new Uint8Array(1 + 2 * HASH_BYTES);
  pair[0] = NODE_PREFIX;
  return {
    leaf(entry) {
      const prefixed = new Uint8Array(1 + entry.length);
      prefixed[0] = LEAF_PREFIX;
      prefixed.set(entry, 1);
      return digest(prefixed);
    },
    node(left, right) {
      if (left.length !== HASH_BYTES || right.length !== HASH_BYTES) {
        throw new RangeError("a node has two hashes of 32 bytes");
      }
      pair.set(left, 1);
      pair.set(right, 1 + HASH_BYTES);
      return digest(pair);
    },
    empty: digest(new Uint8Array()),
  };
}

const plain = treeHash(plainSha256);

export const hashLeaf = plain.leaf;
export const hashNode = plain.node;
export const EMPTY_ROOT = plain.empty;
