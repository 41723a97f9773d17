import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat, fromHex, toBase64, utf8 } from "./bytes.ts";
import {
  checkSameHead,
  formatCheckpoint,
  parseCheckpoint,
  parseCheckpointNote,
} from "./checkpoint/checkpoint.ts";
import { checkTrusted, parseTrustPolicy } from "./checkpoint/policy.ts";
import { formatEntry, parseEntry } from "./event/entry.ts";
import { EvidenceFault, type FaultCode } from "./fault.ts";
import { hashLeaf } from "./merkle/hash.ts";
import { nodesOfLeaves, treeRoot } from "./merkle/nodes.ts";
import { inclusionProof } from "./merkle/proofs.ts";
import { ed25519FromSeed } from "./note/ed25519.ts";
import { formatSignatureLine, NOTE_MAX_BYTES, parseNote } from "./note/note.ts";
import { goodSignatures, openNote } from "./note/open.ts";
import { cosigner, logSigner } from "./note/sign.ts";
import { isKeyName, parseVkey, verifierKey } from "./note/vkey.ts";
import { checkProofFile, formatProofFile, parseProofFile } from "./proof/proof-file.ts";
import * as vectors from "./testing/vectors.ts";
import { checkEntryLength, decodeBundle, ENTRY_MAX_BYTES, encodeBundle } from "./tiles/bundle.ts";
import { parseTilePath } from "./tiles/path.ts";
import { tileHashes } from "./tiles/tile.ts";

const GOOD = vectors.CHECKPOINT_8;
const KEYS = [parseVkey(vectors.LOG_VKEY), parseVkey(vectors.PC_VKEY)];
const POLICY = parseTrustPolicy(
  `log ${vectors.LOG_VKEY}\nwitness pc ${vectors.PC_VKEY}\nquorum pc\n`,
);

/** The code of what an act throws; null when it throws nothing. */
async function faultOf(act: () => unknown): Promise<FaultCode | null> {
  try {
    await act();
    return null;
  } catch (thrown) {
    if (thrown instanceof EvidenceFault) return thrown.code;
    throw thrown;
  }
}

const judge = (note: string) => faultOf(async () => openNote(parseCheckpointNote(note).note, KEYS));

describe("a signed checkpoint is refused, with its own reason, when", () => {
  it("nothing is wrong: it is not", async () => {
    expect(await judge(GOOD)).toBeNull();
  });

  it.each<[string, (note: string) => string, FaultCode]>([
    ["a bit of the root differs", (note) => note.replace("owHT", "owHS"), "SIGNATURE_INVALID"],
    ["the size differs", (note) => note.replace("\n8\n", "\n9\n"), "SIGNATURE_INVALID"],
    ["the origin differs", (note) => note.replace("7f3a\n8", "7f3b\n8"), "SIGNATURE_INVALID"],
    [
      "the size has a leading zero",
      (note) => note.replace("\n8\n", "\n08\n"),
      "CHECKPOINT_MALFORMED",
    ],
    ["the size is negative", (note) => note.replace("\n8\n", "\n-8\n"), "CHECKPOINT_MALFORMED"],
    [
      "the root lacks its padding",
      (note) => note.replace("PP8=\n", "PP8\n"),
      "CHECKPOINT_MALFORMED",
    ],
    ["the root has stray bits", (note) => note.replace("PP8=\n", "PP9=\n"), "CHECKPOINT_MALFORMED"],
    [
      "an empty log has another root",
      (note) => note.replace("\n8\n", "\n0\n"),
      "CHECKPOINT_MALFORMED",
    ],
    ["the origin is empty", (note) => note.replace(/^.*\n/, "\n"), "CHECKPOINT_MALFORMED"],
    [
      "a hyphen stands for the dash",
      (note) => note.replace("\u2014", "-"),
      "SIGNATURE_LINE_MALFORMED",
    ],
    ["lines end as in Windows", (note) => note.replaceAll("\n", "\r\n"), "NOTE_MALFORMED"],
    ["a tab is in it", (note) => note.replace("\n8\n", "\n8\t\n"), "NOTE_MALFORMED"],
    [
      "a key's name holds a space",
      (note) => note.replace("— gw.example/pc", "— gw example/pc"),
      "KEY_NAME_INVALID",
    ],
    [
      "a key's name holds a plus",
      (note) => note.replace("— gw.example/pc", "— gw+example/pc"),
      "KEY_NAME_INVALID",
    ],
    [
      "a signature has a stray character",
      (note) => note.replace("91FgB2X8", "91FgB2X*"),
      "SIGNATURE_LINE_MALFORMED",
    ],
    [
      "a signature is only an id",
      (note) => note.replace(/91FgB\S+/, "91FgBw=="),
      "SIGNATURE_LINE_MALFORMED",
    ],
    ["its last line does not end", (note) => note.slice(0, -1), "NOTE_MALFORMED"],
    ["it has no signature", (note) => note.slice(0, note.indexOf("\n\n") + 2), "NOTE_MALFORMED"],
    ["no empty line stands in it", (note) => note.replace("\n\n", "\n"), "NOTE_MALFORMED"],
    ["it is too large", (note) => `${"x".repeat(NOTE_MAX_BYTES)}\n${note}`, "NOTE_TOO_LARGE"],
    [
      "the log's line is another size's",
      (note) => note.replace(/— gw.example\/audit.*/, vectors.SIZE_3_LINE),
      "SIGNATURE_INVALID",
    ],
    [
      "nobody who is known has signed",
      (note) => note.replaceAll("91FgB", "92FgB").replaceAll("vjMbK", "wjMbK"),
      "NOTE_UNSIGNED",
    ],
  ])("%s", async (_what, edit, code) => {
    expect(edit(GOOD)).not.toBe(GOOD);
    expect(await judge(edit(GOOD))).toBe(code);
  });

  it("a known key's signature is wrong, beside a good one", async () => {
    const wrong = GOOD.replace("vjMbKgAAAABrSdIA", "vjMbKgAAAABrSdIB");
    expect(await judge(wrong)).toBe("SIGNATURE_INVALID");
    // Nobody knows that key: the line is passed over.
    const [log] = KEYS;
    const note = parseNote(wrong);
    expect(log && (await goodSignatures(note, [log]))).toHaveLength(1);
  });

  it("a log's key has the 72 bytes of a cosignature, or a witness's the 64 of a signature", async () => {
    const long = GOOD.replace(
      /91FgB\S+/,
      toBase64(new Uint8Array(76).map((_, at) => [0xf7, 0x51, 0x60, 0x07][at] ?? 1)),
    );
    expect(await judge(long)).toBe("SIGNATURE_LENGTH");
    const short = GOOD.replace(
      /vjMbK\S+/,
      toBase64(new Uint8Array(68).map((_, at) => [0xbe, 0x33, 0x1b, 0x2a][at] ?? 1)),
    );
    expect(await judge(short)).toBe("SIGNATURE_LENGTH");
  });

  it("a cosignature has no time, one beyond all clocks, or one that has not come yet", async () => {
    const timed = (time: string) =>
      GOOD.replace(
        /vjMbK\S+/,
        toBase64(concat(fromHex(`be331b2a${time}`) ?? new Uint8Array(), new Uint8Array(64))),
      );
    expect(await judge(timed("0000000000000000"))).toBe("COSIGNATURE_TIME_INVALID");
    expect(await judge(timed("ffffffffffffffff"))).toBe("COSIGNATURE_TIME_INVALID");
    const early = vectors.COSIGNED_AT - 1;
    expect(await faultOf(async () => openNote(parseNote(GOOD), KEYS, early))).toBe(
      "COSIGNATURE_IN_FUTURE",
    );
  });

  it("two notes of one size have different roots: together they prove a fork", async () => {
    const other = parseCheckpoint(GOOD.slice(0, GOOD.indexOf("\n\n") + 1).replace("owHT", "owHS"));
    expect(await faultOf(() => checkSameHead(parseCheckpointNote(GOOD), other))).toBe("FORKED");
  });
});

describe("a note", () => {
  it("is split at its last empty line, and what stands before may hold others", () => {
    const { text, signatures } = parseNote(GOOD.replace("\n8\n", "\n\n8\n"));
    expect(text.split("\n")).toHaveLength(5);
    expect(signatures).toHaveLength(2);
  });

  it("takes sixteen signatures of strangers and of kinds that are not known", async () => {
    const stranger = (n: number) =>
      formatSignatureLine({
        name: `stranger-${n}`,
        id: "0000000a",
        signature: new Uint8Array(2428),
      });
    const note = parseNote(GOOD + Array.from({ length: 16 }, (_, n) => stranger(n)).join(""));
    expect(await openNote(note, KEYS)).toHaveLength(2);
  });

  it("counts a witness's key for no log, though the public key is the same", async () => {
    const ed25519 = await ed25519FromSeed(vectors.PC_SEED);
    const text = formatCheckpoint(parseCheckpointNote(GOOD));
    const { signature } = await logSigner(vectors.PC_NAME, ed25519).sign(text);
    const witness = cosigner(vectors.PC_NAME, ed25519, () => 1).key;
    const note = { text, signatures: [{ name: witness.name, id: witness.id, signature }] };
    expect(await faultOf(() => openNote(note, [witness]))).toBe("SIGNATURE_LENGTH");
  });
});

describe("keys", () => {
  it.each<[string, string, FaultCode]>([
    [
      "whose id does not follow",
      vectors.LOG_VKEY.replace("f7516007", "f7516008"),
      "VKEY_MALFORMED",
    ],
    ["of another name", vectors.LOG_VKEY.replace("7f3a+", "7f3b+"), "VKEY_MALFORMED"],
    ["that lack a part", "gw.example+f7516007", "VKEY_MALFORMED"],
    ["that are cut", vectors.LOG_VKEY.slice(0, -4), "VKEY_MALFORMED"],
    [
      "with a space in their name",
      vectors.LOG_VKEY.replace("gw.example", "gw example"),
      "KEY_NAME_INVALID",
    ],
  ])("%s are refused", async (_what, vkey, code) => {
    expect(await faultOf(() => parseVkey(vkey))).toBe(code);
  });

  it("are read whole when their base64 holds a plus", () => {
    const key = verifierKey("n", 1, new Uint8Array(32).fill(0xfb));
    expect(toBase64(key.publicKey)).toContain("+");
    expect(parseVkey(`n+${key.id}+${toBase64(concat(Uint8Array.of(1), key.publicKey))}`)).toEqual(
      key,
    );
  });

  it("have names without any kind of space, plus or control character", () => {
    for (const name of [
      "",
      "a b",
      "a\u00a0b",
      "a\u2028b",
      "a\u0085b",
      "a+b",
      "a\u0001b",
      "\ud800",
    ]) {
      expect(isKeyName(name)).toBe(false);
    }
    expect(isKeyName("gw.example/audit/ü")).toBe(true);
  });
});

describe("a proof file", () => {
  const entries = Array.from({ length: 8 }, (_, n) =>
    utf8(formatEntry({ account: vectors.ENTRY_ACCOUNT, event: `{"n":${n}}`, seq: n + 1 })),
  );
  const tree = nodesOfLeaves(entries.map(hashLeaf));
  const leaf = hashLeaf(entries[2] ?? new Uint8Array());
  const good = {
    extra: utf8('{"v":1}'),
    index: 2,
    proof: inclusionProof(2, 8, tree),
    checkpoint: parseCheckpointNote(GOOD),
  };
  const text = formatProofFile(good);
  const check = (file: string) =>
    faultOf(async () => checkProofFile(parseProofFile(file), leaf, POLICY));

  it("holds, and comes back as the same text", async () => {
    expect(await check(text)).toBeNull();
    expect(formatProofFile(parseProofFile(text))).toBe(text);
    expect(treeRoot(8, tree)).toEqual(good.checkpoint.root);
  });

  it.each<[string, string, FaultCode]>([
    ["is one hash short", formatProofFile({ ...good, proof: good.proof.slice(1) }), "PROOF_LENGTH"],
    [
      "is one hash long",
      formatProofFile({ ...good, proof: [...good.proof, leaf] }),
      "PROOF_LENGTH",
    ],
    [
      "has its hashes in another order",
      formatProofFile({ ...good, proof: good.proof.toReversed() }),
      "ROOT_DIFFERS",
    ],
    ["is of another index", formatProofFile({ ...good, index: 3 }), "ROOT_DIFFERS"],
    ["is of index 8 of 8", formatProofFile({ ...good, index: 8 }), "INDEX_OUTSIDE"],
    [
      "has an index with a leading zero",
      text.replace("index 2", "index 02"),
      "PROOF_FILE_MALFORMED",
    ],
    ["has no index", text.replace("index 2\n", ""), "PROOF_FILE_MALFORMED"],
    ["is another version's", text.replace("@v1", "@v2"), "PROOF_FILE_MALFORMED"],
    ["has extra data without padding", text.replace("fQ==", "fQ"), "PROOF_FILE_MALFORMED"],
    ["has a cut hash", text.replace(/\nYfOH/, "\nfOH"), "PROOF_FILE_MALFORMED"],
    ["has no checkpoint", text.slice(0, text.indexOf("\n\n")), "PROOF_FILE_MALFORMED"],
    ["has no witness's line", text.replace(/— gw.example\/pc.*\n/, ""), "WITNESS_MISSING"],
    ["has no line of the log's", text.replace(/— gw.example\/audit.*\n/, ""), "NOTE_UNSIGNED"],
  ])("is refused when it %s", async (_what, file, code) => {
    expect(file).not.toBe(text);
    expect(await check(file)).toBe(code);
  });

  it("says nothing about its extra data, so a swap between two proofs is for its reader to find", async () => {
    const swapped = parseProofFile(formatProofFile({ ...good, extra: utf8("{}") }));
    expect(await faultOf(() => checkProofFile(swapped, leaf, POLICY))).toBeNull();
  });

  it("is refused under a policy that trusts another log", async () => {
    const other = verifierKey("gw.example/audit/0000", 1, new Uint8Array(32));
    const policy = { ...POLICY, logs: [other] };
    expect(await faultOf(() => checkTrusted(good.checkpoint, policy))).toBe("ORIGIN_DIFFERS");
  });
});

describe("a trust policy", () => {
  const lines = [`log ${vectors.LOG_VKEY}`, `witness pc ${vectors.PC_VKEY}`];
  it.each<[string, string[]]>([
    ["without a quorum", lines],
    ["with two", [...lines, "quorum pc", "quorum none"]],
    ["without a log", [lines[1] ?? "", "quorum pc"]],
    ["that names what it did not define", [...lines, "quorum pcs"]],
    ["with a group of too few", [...lines, "group pcs 2 pc", "quorum pcs"]],
    ["with one name twice", [...lines, lines[1] ?? "", "quorum pc"]],
    [
      "with a witness whose key is a log's",
      [`witness pc ${vectors.LOG_VKEY}`, ...lines, "quorum pc"],
    ],
    ["with words that are not known", [...lines, "trust everybody", "quorum none"]],
    ["with more on a line than belongs there", [...lines, "quorum pc please"]],
  ])("%s is refused", async (_what, given) => {
    expect(await faultOf(() => parseTrustPolicy(given.join("\n")))).toBe("POLICY_MALFORMED");
  });

  it("takes comments, addresses and groups of groups", async () => {
    const policy = parseTrustPolicy(
      [
        "# the owner's PC",
        `log ${vectors.LOG_VKEY} https://gw.example/audit/7f3a`,
        lines[1],
        "",
        "group pcs any pc",
        "group everybody all pcs",
        "quorum everybody",
      ].join("\n"),
    );
    expect((await checkTrusted(parseCheckpointNote(GOOD), policy)).byWitnesses).toHaveLength(1);
  });
});

describe("an entry", () => {
  const text = formatEntry({ account: "A", event: '{"a":1,"b":2}', seq: 7 });
  it.each<[string, string, FaultCode]>([
    ["of another domain", text.replace("/v1", "/v2"), "ENTRY_MALFORMED"],
    [
      "with its members in another order",
      'ibkr-audit/v1\n{"event":{},"account":"A","seq":7}',
      "ENTRY_NOT_CANONICAL",
    ],
    ["with a space", text.replace(",", ", "), "ENTRY_NOT_CANONICAL"],
    ["with a member twice", text.replace(',"seq":7}', ',"seq":8,"seq":7}'), "ENTRY_MALFORMED"],
    ["with a member more", text.replace(',"seq":7}', ',"seq":7,"z":1}'), "ENTRY_MALFORMED"],
    ["without a number", text.replace(',"seq":7', ""), "ENTRY_MALFORMED"],
    ["of number zero", text.replace(":7}", ":0}"), "ENTRY_MALFORMED"],
    ["with a number that has a zero before it", text.replace(":7}", ":07}"), "ENTRY_MALFORMED"],
    ["without an event", text.replace('{"a":1,"b":2}', "null"), "ENTRY_MALFORMED"],
    ["of nobody", text.replace('"A"', '""'), "ENTRY_MALFORMED"],
    [
      "with its account spelled in another way",
      text.replace('"A"', '"\\u0041"'),
      "ENTRY_NOT_CANONICAL",
    ],
    ["that is not JSON", "ibkr-audit/v1\n{", "ENTRY_MALFORMED"],
  ])("%s is refused", async (_what, edited, code) => {
    expect(await faultOf(() => parseEntry(edited))).toBe(code);
  });

  it("comes back as it was written, for any account and event", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", minLength: 1 }),
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
        (account, value, seq) => {
          fc.pre(account.isWellFormed());
          const entry = { account, event: JSON.stringify(value), seq };
          expect(parseEntry(formatEntry(entry))).toMatchObject(entry);
        },
      ),
    );
  });

  it("of 65,536 bytes is refused before anything is done; one of 65,535 is served", async () => {
    const longest = new Uint8Array(ENTRY_MAX_BYTES).fill(0x61);
    expect(decodeBundle(encodeBundle([longest]), 1)).toEqual([longest]);
    expect(await faultOf(() => checkEntryLength(new Uint8Array(ENTRY_MAX_BYTES + 1)))).toBe(
      "ENTRY_TOO_LARGE",
    );
  });
});

describe("tiles", () => {
  it.each([
    "tile/0/0",
    "tile/00/000",
    "tile/64/000",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/000.p/01",
    "tile/0/x000/001",
    "tile/0/1000",
    "tile/0/001/x000",
    "tile/data/000",
    "/tile/0/000",
    "tile/0/000/",
    "tile/0/../000",
  ])("are not at %s", async (path) => {
    expect(await faultOf(() => parseTilePath(path))).toBe("TILE_PATH_INVALID");
  });

  it("have exactly as many hashes as their name says", async () => {
    const tile = { level: 0, index: 0, width: 2 };
    expect(tileHashes(tile, new Uint8Array(64))).toHaveLength(2);
    for (const length of [0, 32, 63, 65, 96]) {
      expect(await faultOf(() => tileHashes(tile, new Uint8Array(length)))).toBe("TILE_LENGTH");
    }
  });

  it("hold bundles that end where their last entry does", async () => {
    const bundle = encodeBundle([utf8("one"), utf8("two")]);
    for (const cut of [bundle.slice(0, -1), bundle.slice(0, 6), concat(bundle, Uint8Array.of(0))]) {
      expect(await faultOf(() => decodeBundle(cut, 2))).toBe("BUNDLE_MALFORMED");
    }
    expect(await faultOf(() => decodeBundle(bundle, 3))).toBe("BUNDLE_MALFORMED");
  });
});
