import { sha256 } from "@noble/hashes/sha2.js";
import { describe, expect, it } from "vitest";
import { fromBase64, fromHex, toHex, utf8 } from "./bytes.ts";
import { canonicalJson } from "./canonical-json.ts";
import { formatCheckpoint, parseCheckpoint, parseCheckpointNote } from "./checkpoint/checkpoint.ts";
import { parseTrustPolicy } from "./checkpoint/trust-policy.ts";
import { commitment } from "./event/commitment.ts";
import { formatEntry } from "./event/entry.ts";
import { logSeed } from "./keys/log-key.ts";
import { TreeBuilder } from "./merkle/frontier.ts";
import { hashLeaf } from "./merkle/hash.ts";
import { nodesOfLeaves, treeRoot } from "./merkle/nodes.ts";
import { consistencyProof, inclusionProof } from "./merkle/proofs.ts";
import { checkConsistency } from "./merkle/verify.ts";
import { ed25519FromSeed } from "./note/ed25519.ts";
import { formatNote, formatSignatureLine } from "./note/note.ts";
import { openNote } from "./note/open.ts";
import { cosigner, logSigner, signNote } from "./note/sign.ts";
import { formatVkey, parseVkey } from "./note/vkey.ts";
import { checkStatement, signStatement } from "./order/statement.ts";
import { checkProofFile, formatProofFile, parseProofFile } from "./proof/proof-file.ts";
import * as vectors from "./testing/vectors.ts";
import { decodeBundle, encodeBundle } from "./tiles/bundle.ts";
import { bundlesOf, parseTilePath, tilePath, tilesOf } from "./tiles/path.ts";
import { tileBytes, treeOfTiles } from "./tiles/tile.ts";

const bytes = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array();
const hash = (base64: string): Uint8Array => fromBase64(base64) ?? new Uint8Array();
const digest = (data: Uint8Array): string => toHex(sha256(data));

const rfcLeaves = vectors.RFC_LEAVES.map((leaf) => hashLeaf(bytes(leaf)));
const rfcTree = nodesOfLeaves(rfcLeaves);
const entries = Array.from({ length: 300 }, (_, n) =>
  utf8(formatEntry({ account: vectors.ENTRY_ACCOUNT, event: `{"n":${n}}`, seq: n + 1 })),
);
const entryTree = nodesOfLeaves(entries.map(hashLeaf));
const signers = async () => [
  logSigner(vectors.ORIGIN, await ed25519FromSeed(vectors.LOG_SEED)),
  cosigner(vectors.PC_NAME, await ed25519FromSeed(vectors.PC_SEED), () => vectors.COSIGNED_AT),
];
const POLICY = parseTrustPolicy(
  `log ${vectors.LOG_VKEY}\nwitness pc ${vectors.PC_VKEY}\nquorum pc\n`,
);

describe("vectors: the tree", () => {
  it("has RFC 6962's roots at sizes 0 to 8", () => {
    expect(vectors.RFC_ROOTS.map((_, size) => toHex(treeRoot(size, rfcTree)))).toEqual(
      vectors.RFC_ROOTS,
    );
  });

  it("has the roots of our own entries, appended one by one", () => {
    const builder = new TreeBuilder();
    const roots = new Map(
      entries.map((entry) => {
        builder.append(hashLeaf(entry));
        return [builder.size, toHex(builder.root())];
      }),
    );
    expect(vectors.ENTRY_ROOTS.map(([size]) => [size, roots.get(size)])).toEqual(
      vectors.ENTRY_ROOTS,
    );
    expect(entries[0]).toHaveLength(78);
  });

  it("proves 3 → 8 and index 2 of 8 with the known hashes", () => {
    const proof = vectors.CONSISTENCY_3_8.map(hash);
    expect(consistencyProof(3, 8, entryTree)).toEqual(proof);
    expect(inclusionProof(2, 8, entryTree)).toEqual(proof.slice(1));
    checkConsistency({
      first: 3,
      second: 8,
      firstRoot: treeRoot(3, entryTree),
      secondRoot: treeRoot(8, entryTree),
      proof,
    });
  });
});

describe("vectors: tiles", () => {
  const served = (path: string): Uint8Array => {
    const { level, index, width } = parseTilePath(path);
    return level === "entries"
      ? encodeBundle(entries.slice(index * 256, index * 256 + width))
      : tileBytes({ level, index, width }, entryTree);
  };

  it.each(vectors.SERVED_AT_300)("serves %s as the known bytes", (path, length, sha) => {
    expect(served(path)).toHaveLength(length);
    expect(digest(served(path))).toBe(sha);
  });

  it("serves the root of the first 256 at level 1, and the length before the first entry", () => {
    expect(toHex(served("tile/1/000.p/1"))).toBe(toHex(treeRoot(256, entryTree)));
    expect(toHex(served("tile/entries/000").subarray(0, 2))).toBe("004e");
    expect(decodeBundle(served("tile/entries/001.p/44"), 44)).toEqual(entries.slice(256));
  });

  it("names tiles as the standard does", () => {
    const path = (index: number) => tilePath({ level: 0, index, width: 256 });
    expect([0, 999, 1000, 1234067].map(path)).toEqual([
      "tile/0/000",
      "tile/0/999",
      "tile/0/x001/000",
      "tile/0/x001/x234/067",
    ]);
    const paths = (size: number) => [...tilesOf(size)].map(tilePath);
    expect(paths(0)).toEqual([]);
    expect(paths(256)).toEqual(["tile/0/000", "tile/1/000.p/1"]);
    expect(paths(300)).toEqual(["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"]);
    const large = paths(70_000);
    expect(large.filter((one) => /^tile\/0\/\d+$/.test(one))).toHaveLength(273);
    expect(large.slice(273)).toEqual([
      "tile/0/273.p/112",
      "tile/1/000",
      "tile/1/001.p/17",
      "tile/2/000.p/1",
    ]);
    expect([...bundlesOf(300)].map(tilePath)).toEqual([
      "tile/entries/000",
      "tile/entries/001.p/44",
    ]);
  });

  it("gives the same roots and proofs when the tree is read from tiles", () => {
    const tree = treeOfTiles(300, (tile) => served(tilePath(tile)));
    expect(treeRoot(300, tree)).toEqual(treeRoot(300, entryTree));
    expect(inclusionProof(271, 300, tree)).toEqual(inclusionProof(271, 300, entryTree));
  });
});

describe("vectors: notes and checkpoints", () => {
  it("derives the known keys and reads them back", async () => {
    expect((await signers()).map(({ key }) => formatVkey(key))).toEqual([
      vectors.LOG_VKEY,
      vectors.PC_VKEY,
    ]);
    expect(formatVkey(parseVkey(vectors.LOG_VKEY))).toBe(vectors.LOG_VKEY);
    expect(digest(utf8(vectors.ORIGIN))).toBe(vectors.ORIGIN_SHA256);
  });

  it("writes the known checkpoint of size 8, signature and cosignature included", async () => {
    const head = { origin: vectors.ORIGIN, size: 8, root: treeRoot(8, entryTree) };
    const note = await signNote(formatCheckpoint(head), await signers());
    expect(formatNote(note)).toBe(vectors.CHECKPOINT_8);
    expect(digest(utf8(vectors.CHECKPOINT_8))).toBe(vectors.CHECKPOINT_8_SHA256);
    expect(parseCheckpoint(note.text)).toEqual(head);
  });

  it("signs size 3 with the known line", async () => {
    const [log] = await signers();
    const text = formatCheckpoint({
      origin: vectors.ORIGIN,
      size: 3,
      root: treeRoot(3, entryTree),
    });
    const line = log === undefined ? "" : formatSignatureLine(await log.sign(text));
    expect(line).toBe(`${vectors.SIZE_3_LINE}\n`);
  });

  it("verifies both lines of the known checkpoint, and says when the witness signed", async () => {
    const { note } = parseCheckpointNote(vectors.CHECKPOINT_8);
    const keys = [parseVkey(vectors.LOG_VKEY), parseVkey(vectors.PC_VKEY)];
    const good = await openNote(note, keys, vectors.COSIGNED_AT);
    expect(good.map(({ key, timeSeconds }) => [key.name, timeSeconds])).toEqual([
      [vectors.ORIGIN, null],
      [vectors.PC_NAME, vectors.COSIGNED_AT],
    ]);
  });
});

describe("vectors: the rest", () => {
  it("writes the known proof file of index 2, 501 bytes, and verifies it", async () => {
    const text = formatProofFile({
      extra: hash(vectors.EXTRA_BASE64),
      index: 2,
      proof: inclusionProof(2, 8, entryTree),
      checkpoint: parseCheckpointNote(vectors.CHECKPOINT_8),
    });
    expect(utf8(text)).toHaveLength(501);
    expect(digest(utf8(text))).toBe(vectors.PROOF_2_OF_8_SHA256);
    const leaf = hashLeaf(entries[2] ?? new Uint8Array());
    const signed = await checkProofFile(parseProofFile(text), leaf, POLICY);
    expect(signed.byWitnesses.map(({ key }) => key.name)).toEqual([vectors.PC_NAME]);
  });

  it("commits to a payload under its salt", () => {
    const opening = {
      field: "input",
      salt: vectors.counting(0, 16),
      payload: '{"account_id":"U1234567"}',
    };
    expect(commitment(opening)).toBe(vectors.COMMITMENT);
  });

  it("signs a PC's statement with the known signature", async () => {
    const key = await ed25519FromSeed(new Uint8Array(32).fill(7));
    const body = { v: 1, kind: "sent", coid: "ieg1-00000000000000000000000000000000" } as const;
    expect(canonicalJson(body)).toBe(vectors.STATEMENT_TEXT);
    const signed = await signStatement(body, key);
    expect(signed.signature).toBe(vectors.STATEMENT_SIGNATURE);
    await checkStatement(signed, key.publicKey);
  });

  it("derives a log's seed from the gateway's secret", () => {
    expect(toHex(logSeed(vectors.LOG_SEED, "7f3a"))).toBe(vectors.DERIVED_LOG_SEED);
  });
});
