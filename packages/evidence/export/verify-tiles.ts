import { concat, sameBytes, textOf } from "../bytes.ts";
import { type CheckpointNote, parseCheckpointNote } from "../checkpoint/checkpoint.ts";
import { parseTrustPolicy } from "../checkpoint/trust-policy.ts";
import { EvidenceFault } from "../fault.ts";
import { LogKeys } from "../keys/rotation.ts";
import { EMPTY_FRONTIER } from "../merkle/frontier.ts";
import { plainSha256, type TreeHash, treeHash } from "../merkle/hash.ts";
import { nodesOfLeaves } from "../merkle/nodes.ts";
import { decodeBundle, ENTRY_MAX_BYTES } from "../tiles/bundle.ts";
import { bundlesOf, TILE_WIDTH, type TileName, tilePath, tilesOf } from "../tiles/path.ts";
import { tileBytes } from "../tiles/tile.ts";
import { checkSignatures } from "./check-signatures.ts";
import type { ExportFiles } from "./export-files.ts";
import { readText } from "./export-files.ts";
import { LogReader } from "./log-reader.ts";
import { CHECKPOINT_FILE } from "./manifest.ts";
import { type Place, type Verdict, VerdictBuilder } from "./verdict.ts";
import type { VerifyOptions } from "./verify-export.ts";

/** Two bytes of length before each entry. */
const BUNDLE_MAX_BYTES = TILE_WIDTH * (ENTRY_MAX_BYTES + 2);

/**
 * Verifies a log in the form in which it is served (C2SP tlog-tiles): `checkpoint`, all entry
 * bundles and all tiles of that size. Every entry is hashed, every tile compared with the tree that
 * comes out, and the head's signatures judged by the reader's policy. Holds 64 bytes an entry in
 * memory. Never throws for what is wrong with the log: the verdict says it.
 */
export async function verifyTiles(
  files: ExportFiles,
  options: Pick<VerifyOptions, "policy" | "nowSeconds" | "sha256" | "onProgress">,
): Promise<Verdict> {
  const out = new VerdictBuilder();
  const hash = treeHash(options.sha256 ?? plainSha256);
  const begun = await out.take(
    "log",
    async () => {
      const head = parseCheckpointNote(await readText(files, CHECKPOINT_FILE));
      const policy = options.policy === null ? null : parseTrustPolicy(options.policy);
      const keys = policy === null ? null : new LogKeys(policy.logs);
      return { value: { head, policy, keys }, says: `${head.origin}, ${head.size} entries` };
    },
    () => ({ file: CHECKPOINT_FILE }),
  );
  if (begun === null) return out.verdict();
  const { head, keys } = begun;
  const place: { now: Place } = { now: {} };
  const { origin } = head;
  const reader = new LogReader({ account: null, origin, from: EMPTY_FRONTIER, keys, hash });
  const leaves = await out.take(
    "entries",
    async () => {
      const value = await readBundles(files, head, reader, { place, options });
      return { value, says: `${value.length} entries, which lead to the head` };
    },
    () => place.now,
  );
  if (leaves === null) return out.verdict();
  await out.run(
    "tiles",
    () => checkTiles(files, head.size, leaves, { hash, place }),
    () => place.now,
  );
  await checkSignatures({ ...begun, marks: [], options }, out);
  return out.verdict();
}

async function readBundles(
  files: ExportFiles,
  { size, root }: CheckpointNote,
  reader: LogReader,
  by: { place: { now: Place }; options: Pick<VerifyOptions, "onProgress"> },
): Promise<Uint8Array[]> {
  const leaves: Uint8Array[] = [];
  for (const bundle of bundlesOf(size)) {
    const file = tilePath(bundle);
    by.place.now = { seq: reader.tree.size + 1, file };
    for (const bytes of decodeBundle(await readTile(files, bundle), bundle.width)) {
      by.place.now = { seq: reader.tree.size + 1, file };
      const text = textOf(bytes);
      if (text === null) throw new EvidenceFault("ENTRY_MALFORMED", "An entry is not UTF-8.");
      leaves.push(reader.take(text, null).leaf);
    }
    by.options.onProgress?.(leaves.length);
  }
  reader.checkOpened();
  by.place.now = { seq: 1, throughSeq: size };
  if (!sameBytes(reader.tree.root(), root)) {
    throw new EvidenceFault("ROOT_DIFFERS", "The entries do not lead to the signed head.");
  }
  return leaves;
}

async function checkTiles(
  files: ExportFiles,
  size: number,
  leaves: readonly Uint8Array[],
  { hash, place }: { hash: TreeHash; place: { now: Place } },
): Promise<string> {
  const tree = nodesOfLeaves(leaves, hash);
  let count = 0;
  for (const tile of tilesOf(size)) {
    const file = tilePath(tile);
    place.now = { file };
    if (!sameBytes(await readTile(files, tile), tileBytes(tile, tree))) {
      throw new EvidenceFault("TILE_DIFFERS", `The tile ${file} is not what the entries give.`);
    }
    count += 1;
  }
  return `${count} tiles, each as its entries give it`;
}

/** The whole of a tile or bundle. Throws `FILE_MISSING` or `FILE_TOO_LARGE`. */
async function readTile(files: ExportFiles, tile: TileName): Promise<Uint8Array> {
  const name = tilePath(tile);
  const parts = await files.open(name);
  if (parts === null) throw new EvidenceFault("FILE_MISSING", `The file ${name} is missing.`);
  const read: Uint8Array[] = [];
  let length = 0;
  for await (const part of parts) {
    length += part.length;
    if (length > BUNDLE_MAX_BYTES) {
      throw new EvidenceFault("FILE_TOO_LARGE", `The file ${name} is larger than any tile.`);
    }
    read.push(part);
  }
  return concat(...read);
}
