import { utf8 } from "../bytes.ts";
import { nodesOfLeaves } from "../merkle/nodes.ts";
import { encodeBundle } from "../tiles/bundle.ts";
import { bundlesOf, TILE_WIDTH, tilePath, tilesOf } from "../tiles/path.ts";
import { tileBytes } from "../tiles/tile.ts";
import { aCheckpoint, leavesOf, type SomeLog } from "./a-log.ts";

/** Every file under a log's prefix, as it is served at its present size. */
export async function servedLog(log: SomeLog): Promise<Map<string, Uint8Array>> {
  const size = log.entries.length;
  const tree = nodesOfLeaves(leavesOf(log));
  const files = new Map([["checkpoint", utf8(await aCheckpoint(log))]]);
  for (const tile of tilesOf(size)) files.set(tilePath(tile), tileBytes(tile, tree));
  for (const bundle of bundlesOf(size)) {
    const from = bundle.index * TILE_WIDTH;
    const entries = log.entries.slice(from, from + bundle.width).map(utf8);
    files.set(tilePath(bundle), encodeBundle(entries));
  }
  return files;
}
