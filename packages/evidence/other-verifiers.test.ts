import { execFile } from "node:child_process";
import { createPublicKey } from "node:crypto";
import { access, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { verifyCheckpoint } from "@sigstore/verify/dist/tlog/checkpoint.js";
import { verifyMerkleInclusion } from "@sigstore/verify/dist/tlog/merkle.js";
import { afterAll, describe, expect, it } from "vitest";
import { concat, fromHex, toBase64, utf8 } from "./bytes.ts";
import { parseCheckpoint, parseCheckpointNote } from "./checkpoint/checkpoint.ts";
import { nodesOfLeaves, treeRoot } from "./merkle/nodes.ts";
import { consistencyProof, inclusionProof } from "./merkle/proofs.ts";
import { formatVkey } from "./note/vkey.ts";
import { aCheckpoint, aLogSigner, aWitness, leavesOf, someLog } from "./testing/a-log.ts";
import { servedLog } from "./testing/served-log.ts";
import { encodeBundle } from "./tiles/bundle.ts";

/** Programs of other people's that read parts of the same formats. */

const run = promisify(execFile);
const GO_SOURCE = new URL("testing/go/main.go", import.meta.url).pathname;
/** Where Debian's golang-golang-x-mod-dev lies. */
const DEBIAN_GOPATH = "/usr/share/gocode";
const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/** Null where Go and its library are there; else why not. */
async function goIsMissing(): Promise<string | null> {
  try {
    await run("go", ["version"]);
    await access(join(DEBIAN_GOPATH, "src/golang.org/x/mod/sumdb/note"));
    return null;
  } catch {
    return "needs Debian's golang-go and golang-golang-x-mod-dev";
  }
}

const LOG = someLog(700);
const INDEX = 417;
const OLD_SIZE = 300;

/** A log's folder as it is served, and what is claimed about it, for a program to read. */
async function servedFolder(edit: Record<string, Uint8Array> = {}): Promise<string> {
  const size = LOG.entries.length;
  const tree = nodesOfLeaves(leavesOf(LOG));
  const claims = {
    log_key: formatVkey((await aLogSigner()).key),
    witness_key: formatVkey((await aWitness()).key),
    index: INDEX,
    inclusion: inclusionProof(INDEX, size, tree).map(toBase64),
    old_size: OLD_SIZE,
    old_root: toBase64(treeRoot(OLD_SIZE, tree)),
    consistency: consistencyProof(OLD_SIZE, size, tree).map(toBase64),
  };
  const files: Record<string, Uint8Array> = {
    ...Object.fromEntries(await servedLog(LOG)),
    "claims.json": utf8(JSON.stringify(claims)),
  };
  const folder = await mkdtemp(join(tmpdir(), "evidence-"));
  folders.push(folder);
  for (const [name, bytes] of Object.entries({ ...files, ...edit })) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
  return folder;
}

const goReads = async (folder: string) =>
  run("go", ["run", GO_SOURCE, folder], {
    env: { ...process.env, GO111MODULE: "off", GOPATH: DEBIAN_GOPATH, GOFLAGS: "" },
  });

describe("Go's x/mod/sumdb", () => {
  it("verifies our notes, bundles, tiles and proofs, and makes the same proof from our tiles", async (context) => {
    const missing = await goIsMissing();
    if (missing !== null) context.skip(missing);
    const { stdout } = await goReads(await servedFolder());
    expect(stdout).toMatch(/^verified 700 [0-9a-f]{64}\n$/);
  });

  it("refuses them when a signature, a tile or an entry was changed", async (context) => {
    const missing = await goIsMissing();
    if (missing !== null) context.skip(missing);
    const note = await aCheckpoint(LOG);
    const edits: Record<string, Uint8Array>[] = [
      { checkpoint: utf8(note.replace("\n700\n", "\n701\n")) },
      { "tile/0/001": new Uint8Array(8192) },
      { "tile/entries/002.p/188": encodeBundle(Array.from({ length: 188 }, () => utf8("x"))) },
    ];
    for (const edit of edits) {
      await expect(goReads(await servedFolder(edit))).rejects.toThrow();
    }
  });
});

describe("npm's @sigstore/verify", () => {
  const claim = async (size: number, index: number, note?: string) => {
    const { key } = await aLogSigner();
    const envelope = note ?? (await aCheckpoint(LOG, size));
    const hashes = inclusionProof(index, size, nodesOfLeaves(leavesOf(LOG).slice(0, size)));
    const logId = concat(fromHex(key.id) ?? new Uint8Array(), new Uint8Array(28));
    const log = {
      logID: Buffer.from(logId),
      baseURL: `https://${key.name}`,
      publicKey: createPublicKey({
        key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(key.publicKey).toString("base64url") },
        format: "jwk",
      }),
      validFor: { start: new Date(0), end: new Date(8.64e15) },
    };
    const entry = {
      logIndex: String(index),
      logId: { keyId: Buffer.from(logId) },
      kindVersion: { kind: "", version: "" },
      integratedTime: "0",
      inclusionPromise: undefined,
      inclusionProof: {
        logIndex: String(index),
        rootHash: Buffer.alloc(0),
        treeSize: String(size),
        hashes: hashes.map((hash) => Buffer.from(hash)),
        checkpoint: { envelope },
      },
      canonicalizedBody: Buffer.from(LOG.entries[index] ?? ""),
    };
    return { log, entry };
  };

  it.each([
    [1, 0],
    [8, 2],
    [257, 256],
    [700, 417],
  ])("takes our checkpoint of %i entries, and our proof of index %i", async (size, index) => {
    const { log, entry } = await claim(size, index);
    const head = verifyCheckpoint(entry, [log]);
    expect(Number(head.logSize)).toBe(size);
    expect(() => verifyMerkleInclusion(entry, head)).not.toThrow();
    const neighbour = { ...entry, canonicalizedBody: Buffer.from("another") };
    expect(() => verifyMerkleInclusion(neighbour, head)).toThrow();
  });

  it("reads the same head out of it as we do, and refuses a changed one", async () => {
    const { log, entry } = await claim(700, 1);
    const { envelope } = entry.inclusionProof.checkpoint;
    const head = verifyCheckpoint(entry, [log]);
    const ours = parseCheckpoint(parseCheckpointNote(envelope).note.text);
    expect(Buffer.from(ours.root).equals(head.logHash)).toBe(true);
    const changed = await claim(700, 1, envelope.replace("\n700\n", "\n701\n"));
    expect(() => verifyCheckpoint(changed.entry, [changed.log])).toThrow();
  });
});
