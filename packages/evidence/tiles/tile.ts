import { EvidenceFault } from "../fault.ts";
import { HASH_BYTES, hashNode } from "../merkle/hash.ts";
import type { TreeNodes } from "../merkle/nodes.ts";
import { TILE_HEIGHT, TILE_WIDTH, type TileName } from "./path.ts";

/** A tile of hashes: its name without the entries. */
export type HashTile = TileName & { readonly level: number };

/**
 * The bytes of a tile: `width` hashes of 32 bytes. Hash i of tile (level, index) is the root of the
 * full subtree number 256 · index + i whose leaves number 256^level.
 */
export function tileBytes({ level, index, width }: HashTile, tree: TreeNodes): Uint8Array {
  const bytes = new Uint8Array(width * HASH_BYTES);
  for (let at = 0; at < width; at++) {
    bytes.set(tree.node(level * TILE_HEIGHT, index * TILE_WIDTH + at), at * HASH_BYTES);
  }
  return bytes;
}

/** The hashes of a tile. Throws `TILE_LENGTH` when the bytes are not exactly its width. */
export function tileHashes({ width }: HashTile, bytes: Uint8Array): Uint8Array[] {
  if (bytes.length !== width * HASH_BYTES) {
    throw new EvidenceFault(
      "TILE_LENGTH",
      `A tile of ${width} hashes has ${width * HASH_BYTES} bytes, and this one ${bytes.length}.`,
    );
  }
  return Array.from({ length: width }, (_, at) =>
    bytes.slice(at * HASH_BYTES, (at + 1) * HASH_BYTES),
  );
}

/**
 * A tree over the tiles of a log of `size` entries, for roots and proofs. `read` gives the bytes of
 * a tile; it is asked for each at most once. What it gives is believed: compare a root or check a
 * proof against a signed head. Throws `TILE_LENGTH`, and RangeError for a subtree that is not full.
 */
export function treeOfTiles(size: number, read: (tile: HashTile) => Uint8Array): TreeNodes {
  const known = new Map<string, Uint8Array[]>();
  const hashesOf = (tile: HashTile): Uint8Array[] => {
    const name = `${tile.level}/${tile.index}`;
    const found = known.get(name) ?? tileHashes(tile, read(tile));
    known.set(name, found);
    return found;
  };
  const stored = (level: number, index: number): Uint8Array => {
    const count = Math.floor(size / TILE_WIDTH ** level);
    const tile = Math.floor(index / TILE_WIDTH);
    const width = Math.min(count - tile * TILE_WIDTH, TILE_WIDTH);
    const hash =
      width >= 1 ? hashesOf({ level, index: tile, width })[index % TILE_WIDTH] : undefined;
    if (hash === undefined) throw new RangeError(`no full subtree at tile level ${level}`);
    return hash;
  };
  const node = (level: number, index: number): Uint8Array =>
    level % TILE_HEIGHT === 0
      ? stored(level / TILE_HEIGHT, index)
      : hashNode(node(level - 1, 2 * index), node(level - 1, 2 * index + 1));
  return { node };
}
