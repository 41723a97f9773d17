import { describe, expect, it } from "vitest";
import { concat, fromHex, toBase64 } from "../bytes.ts";
import type { FaultCode } from "../fault.ts";
import { ed25519FromSeed } from "../note/ed25519.ts";
import { formatSignatureLine, NOTE_MAX_BYTES, parseNote } from "../note/note.ts";
import { goodSignatures, openNote } from "../note/open.ts";
import { cosigner, logSigner } from "../note/sign.ts";
import { parseVkey } from "../note/vkey.ts";
import { faultOf } from "../testing/fault-of.ts";
import * as vectors from "../testing/vectors.ts";
import {
  checkSameHead,
  formatCheckpoint,
  parseCheckpoint,
  parseCheckpointNote,
} from "./checkpoint.ts";
import { parseTrustPolicy } from "./trust-policy.ts";

const GOOD = vectors.CHECKPOINT_8;
const KEYS = [parseVkey(vectors.LOG_VKEY), parseVkey(vectors.PC_VKEY)];
const _POLICY = parseTrustPolicy(
  `log ${vectors.LOG_VKEY}\nwitness pc ${vectors.PC_VKEY}\nquorum pc\n`,
);
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
