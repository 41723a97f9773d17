import { utf8 } from "../bytes.ts";
import { formatRecord } from "../export/record.ts";
import type { FaultCode } from "../fault.ts";
import { hashLeaf } from "../merkle/hash.ts";
import type { NoteSigner } from "../note/sign.ts";
import {
  aCheckpoint,
  aLogSigner,
  anExport,
  aWitness,
  type Folder,
  NOW_SECONDS,
  ORIGIN,
  type SomeLog,
  someLog,
} from "./a-log.ts";

/** What somebody shows a reader, and what the reader holds. */
export interface Shown {
  readonly folder: Folder;
  /** Checkpoints that the reader kept from before. */
  readonly since?: readonly string[];
}

/** One edit of an export by somebody who holds all of the gateway, and what the reader is told. */
export interface Edit {
  readonly name: string;
  readonly shown: () => Promise<Shown>;
  readonly code: FaultCode;
  /** The first number that is affected, and the last when it is one of a range. */
  readonly seq?: number | null;
  readonly throughSeq?: number;
}

export const SIZE = 40;
/** An entry that has an opening. */
export const TARGET = 18;
export const LOG = someLog(SIZE);
const FILE = "entries/000000000.jsonl";

const with_ = (folder: Folder, name: string, text: string): Folder =>
  new Map([...folder, [name, text]]);
const edited = async (name: string, edit: (text: string) => string): Promise<Shown> => {
  const folder = await anExport(LOG, { older: [10, 30] });
  const before = folder.get(name) ?? "";
  const after = edit(before);
  if (after === before) throw new Error("the edit changes nothing");
  return { folder: with_(folder, name, after) };
};
/** Edits the lines of the records; each line without its line feed. */
const lines =
  (edit: (lines: string[]) => string[]): (() => Promise<Shown>) =>
  () =>
    edited(FILE, (text) =>
      edit(text.trimEnd().split("\n"))
        .map((line) => `${line}\n`)
        .join(""),
    );
const file = (name: string, edit: (text: string) => string) => () => edited(name, edit);
const at = (seq: number, edit: (line: string) => string) =>
  lines((all) => all.map((line, index) => (index === seq - 1 ? edit(line) : line)));

/** The log with its entries edited, everything that follows from them made anew. */
const entries = (edit: (texts: readonly string[]) => readonly string[]): SomeLog => ({
  ...LOG,
  openings: [],
  entries: edit(LOG.entries),
});
const changed = (seq = TARGET): SomeLog =>
  entries((all) =>
    all.map((text, index) => (index === seq - 1 ? text.replace("ok", "error") : text)),
  );
/** That log's records and leaf hashes under the true log's head. */
const underTrueHead = async (log: SomeLog, older: readonly number[] = []): Promise<Shown> => {
  const folder = await anExport(log);
  const truth = await anExport(LOG, { older });
  folder.set("checkpoint", truth.get("checkpoint") ?? "");
  for (const size of older) {
    folder.set(`checkpoints/${size}`, truth.get(`checkpoints/${size}`) ?? "");
  }
  folder.set("export.json", truth.get("export.json") ?? "");
  return { folder };
};
/** A log that is forged all through, under a head of these signers. */
const signedBy = async (log: SomeLog, signers: readonly NoteSigner[]): Promise<Folder> =>
  with_(await anExport(log), "checkpoint", await aCheckpoint(log, log.entries.length, signers));
const renumber = (text: string, seq: number): string =>
  text.replace(/,"seq":\d+\}$/, `,"seq":${seq}}`);
const record = (text: string, seq: number): string =>
  formatRecord(seq, text, hashLeaf(utf8(text))).trimEnd();
const entryAt = (seq: number): string => LOG.entries[seq - 1] ?? "";

const CHANGED: Edit[] = [
  {
    name: "changes a word of an entry",
    shown: at(TARGET, (line) => line.replace("ok", "no")),
    code: "LEAF_HASH_DIFFERS",
    seq: TARGET,
  },
  {
    name: "changes one bit of a leaf hash",
    shown: at(TARGET, (line) =>
      line.replace(/"leaf_hash":"(.)/, (_, digit) => `"leaf_hash":"${digit === "0" ? "1" : "0"}`),
    ),
    code: "LEAF_HASH_DIFFERS",
    seq: TARGET,
  },
  {
    name: "changes an entry and its hash",
    shown: () => underTrueHead(changed()),
    code: "ROOT_DIFFERS",
    seq: 1,
    throughSeq: SIZE,
  },
  {
    name: "changes an entry and its hash between two heads",
    shown: () => underTrueHead(changed(), [10, 30]),
    code: "ROOT_DIFFERS",
    seq: 11,
    throughSeq: 30,
  },
  {
    name: "changes the last entry and its hash",
    shown: () => underTrueHead(changed(SIZE), [10, 30]),
    code: "ROOT_DIFFERS",
    seq: 31,
    throughSeq: SIZE,
  },
  {
    name: "writes an event's members in another order",
    shown: () =>
      underTrueHead(
        entries((all) =>
          all.map((text, index) =>
            index === TARGET - 1
              ? text.replace('"event":{', '"event":{"v":2,').replace(/,"v":2(?=.*"seq")/, "")
              : text,
          ),
        ),
      ),
    code: "ROOT_DIFFERS",
    seq: 1,
  },
  {
    name: "writes an entry's members in another order",
    shown: at(TARGET, () =>
      record(
        entryAt(TARGET).replace(
          /^(ibkr-audit\/v1\n\{)("account":"[^"]*"),(.*),("seq":\d+)\}$/s,
          "$1$4,$2,$3}",
        ),
        TARGET,
      ),
    ),
    code: "ENTRY_NOT_CANONICAL",
    seq: TARGET,
  },
  {
    name: "takes an entry back to version 1",
    shown: () =>
      underTrueHead(
        entries((all) =>
          all.map((text, index) => (index === TARGET - 1 ? text.replace('"v":2', '"v":1') : text)),
        ),
      ),
    code: "ROOT_DIFFERS",
  },
  {
    name: "puts another commitment into an entry",
    shown: () =>
      underTrueHead(
        entries((all) =>
          all.map((text, index) =>
            index === TARGET - 1
              ? text.replace(/"input":"[0-9a-f]{64}"/, `"input":"${"a".repeat(64)}"`)
              : text,
          ),
        ),
      ),
    code: "ROOT_DIFFERS",
  },
];

const MOVED: Edit[] = [
  {
    name: "drops an entry",
    shown: lines((all) => all.toSpliced(TARGET - 1, 1)),
    code: "RECORD_MISSING",
    seq: TARGET,
  },
  {
    name: "drops the first entry",
    shown: lines((all) => all.slice(1)),
    code: "RECORD_MISSING",
    seq: 1,
  },
  {
    name: "drops the last entry",
    shown: lines((all) => all.slice(0, -1)),
    code: "RECORD_MISSING",
    seq: SIZE,
  },
  { name: "drops all entries", shown: file(FILE, () => ""), code: "RECORD_MISSING", seq: 1 },
  {
    name: "drops an entry and numbers the records anew",
    shown: lines((all) =>
      all
        .toSpliced(TARGET - 1, 1)
        .map((line, index) => (index < TARGET - 1 ? line : record(entryAt(index + 2), index + 1))),
    ),
    code: "ENTRY_OF_ANOTHER_PLACE",
    seq: TARGET,
  },
  {
    name: "drops an entry and numbers everything anew",
    shown: () =>
      underTrueHead(
        entries((all) =>
          all.toSpliced(TARGET - 1, 1).map((text, index) => renumber(text, index + 1)),
        ),
      ),
    code: "RECORD_MISSING",
    seq: SIZE,
  },
  {
    name: "drops an entry, and shortens the range with it",
    shown: async () => ({
      folder: with_(
        await anExport(
          entries((all) =>
            all.toSpliced(TARGET - 1, 1).map((text, index) => renumber(text, index + 1)),
          ),
        ),
        "checkpoint",
        await aCheckpoint(LOG),
      ),
    }),
    code: "PROOF_LENGTH",
  },
  {
    name: "puts an entry in",
    shown: lines((all) =>
      all.toSpliced(TARGET - 1, 0, record(entryAt(TARGET).replace("ok", "no"), TARGET)),
    ),
    code: "RECORD_OUT_OF_ORDER",
    seq: TARGET + 1,
  },
  {
    name: "puts an entry in and numbers everything anew",
    shown: () =>
      underTrueHead(
        entries((all) =>
          all.toSpliced(TARGET, 0, entryAt(TARGET)).map((text, index) => renumber(text, index + 1)),
        ),
      ),
    code: "RECORD_UNEXPECTED",
    seq: SIZE + 1,
  },
  {
    name: "puts an entry behind the last",
    shown: lines((all) => [...all, record(renumber(entryAt(SIZE), SIZE + 1), SIZE + 1)]),
    code: "RECORD_UNEXPECTED",
    seq: SIZE + 1,
  },
  {
    name: "repeats an entry",
    shown: lines((all) => all.toSpliced(TARGET, 0, all[TARGET - 1] ?? "")),
    code: "RECORD_OUT_OF_ORDER",
    seq: TARGET + 1,
  },
  {
    name: "swaps two records",
    shown: lines((all) => all.with(4, all[5] ?? "").with(5, all[4] ?? "")),
    code: "RECORD_MISSING",
    seq: 5,
  },
  {
    name: "swaps two entries inside their records",
    shown: lines((all) => all.with(4, record(entryAt(6), 5)).with(5, record(entryAt(5), 6))),
    code: "ENTRY_OF_ANOTHER_PLACE",
    seq: 5,
  },
  {
    name: "swaps two events and keeps their numbers",
    shown: () =>
      underTrueHead(
        entries((all) => all.with(4, renumber(entryAt(6), 5)).with(5, renumber(entryAt(5), 6))),
        [10],
      ),
    code: "ROOT_DIFFERS",
    seq: 1,
    throughSeq: 10,
  },
  {
    name: "cuts a file in the middle of a line",
    shown: file(FILE, (text) => text.slice(0, -20)),
    code: "RECORD_MALFORMED",
    seq: SIZE,
  },
  {
    name: "deletes a file of records",
    shown: async () => {
      const folder = await anExport(LOG);
      folder.delete(FILE);
      return { folder };
    },
    code: "FILE_MISSING",
  },
  {
    name: "begins a range later and keeps silent about what stood before",
    shown: file("export.json", (text) => text.replaceAll('"from_index":0', '"from_index":20')),
    code: "PROOF_LENGTH",
  },
  {
    name: "makes up the hashes before a range",
    shown: async () => {
      const folder = await anExport(LOG, { fromIndex: 20 });
      const text = folder.get("export.json") ?? "";
      return { folder: with_(folder, "export.json", text.replace(/"left":\["./, '"left":["/')) };
    },
    code: "ROOT_DIFFERS",
    seq: 21,
    throughSeq: SIZE,
  },
  {
    name: "makes up the way from a range to the head",
    shown: async () => {
      const folder = await anExport(LOG, { toIndex: 30 });
      const text = folder.get("export.json") ?? "";
      return { folder: with_(folder, "export.json", text.replace(/"tail":\["./, '"tail":["/')) };
    },
    code: "ROOT_DIFFERS",
  },
];

const HEADS: Edit[] = [
  {
    name: "changes the head's size",
    shown: file("checkpoint", (text) => text.replace("\n40\n", "\n41\n")),
    code: "PROOF_LENGTH",
  },
  {
    name: "changes the head's root with the entries, and keeps the signatures",
    shown: async () => {
      const folder = await anExport(changed());
      const [head = ""] = (folder.get("checkpoint") ?? "").split("\n\n");
      const [, signatures = ""] = (await aCheckpoint(LOG)).split("\n\n");
      return { folder: with_(folder, "checkpoint", `${head}\n\n${signatures}`) };
    },
    code: "SIGNATURE_INVALID",
  },
  {
    name: "signs a forged log with the stolen key and keeps the witness's line",
    shown: async () => {
      const folder = await signedBy(changed(), [await aLogSigner()]);
      const line = (await aCheckpoint(LOG)).split("\n").at(-2);
      return { folder: with_(folder, "checkpoint", `${folder.get("checkpoint")}${line}\n`) };
    },
    code: "SIGNATURE_INVALID",
  },
  {
    name: "signs a forged log with the stolen key, without a witness",
    shown: async () => ({ folder: await signedBy(changed(), [await aLogSigner()]) }),
    code: "WITNESS_MISSING",
  },
  {
    name: "signs a forged log with the stolen key and a witness of his own under the PC's name",
    shown: async () => ({
      folder: await signedBy(changed(), [await aLogSigner(), await aWitness(77)]),
    }),
    code: "WITNESS_MISSING",
  },
  {
    name: "brings keys of his own, and a policy that trusts them",
    shown: async () => {
      const folder = await signedBy(changed(), [await aLogSigner(ORIGIN, 66), await aWitness(77)]);
      return { folder: with_(folder, "trust.policy", "log mine\nquorum none\n") };
    },
    code: "NOTE_UNSIGNED",
  },
  {
    name: "takes the log's signature away",
    shown: file("checkpoint", (text) => text.replace(/— gw\.example\/audit.*\n/, "")),
    code: "NOTE_UNSIGNED",
  },
  {
    name: "takes the witness's signature away",
    shown: file("checkpoint", (text) => text.replace(/— gw\.example\/pc.*\n/, "")),
    code: "WITNESS_MISSING",
  },
  {
    name: "shows a signature of an older head",
    shown: async () => {
      const older = (await aCheckpoint(LOG, 10)).split("\n").at(-3) ?? "";
      return edited("checkpoint", (text) => text.replace(/— gw\.example\/audit.*/, older));
    },
    code: "SIGNATURE_INVALID",
  },
  {
    name: "shows a cosignature of an older head",
    shown: async () => {
      const older = (await aCheckpoint(LOG, 10)).split("\n").at(-2) ?? "";
      return edited("checkpoint", (text) => text.replace(/— gw\.example\/pc.*/, older));
    },
    code: "SIGNATURE_INVALID",
  },
  {
    name: "dates a cosignature into the future",
    shown: async () => ({
      folder: await signedBy(LOG, [await aLogSigner(), await aWitness(2, NOW_SECONDS + 1)]),
    }),
    code: "COSIGNATURE_IN_FUTURE",
  },
  {
    name: "shows the log as it was, to somebody who has seen more",
    shown: async () => ({
      folder: await anExport({ ...someLog(SIZE), entries: LOG.entries.slice(0, 30), openings: [] }),
      since: [await aCheckpoint(LOG)],
    }),
    code: "ROLLED_BACK",
  },
  {
    name: "shows two readers different logs of one size",
    shown: async () => ({ folder: await anExport(changed()), since: [await aCheckpoint(LOG)] }),
    code: "FORKED",
  },
  {
    name: "rewrites what a reader has seen, and grows the log again",
    shown: async () => ({ folder: await anExport(changed()), since: [await aCheckpoint(LOG, 25)] }),
    code: "FORKED",
    seq: 1,
    throughSeq: 25,
  },
  {
    name: "rewrites below an older head that lies beside it",
    shown: async () => {
      const folder = await anExport(changed(), { older: [10, 30] });
      return { folder: with_(folder, "checkpoints/30", await aCheckpoint(LOG, 30)) };
    },
    code: "FORKED",
    seq: 11,
    throughSeq: 30,
  },
  {
    name: "forges an older head",
    shown: file("checkpoints/10", (text) => text.replace("\n10\n", "\n11\n")),
    code: "FORKED",
    seq: 1,
    throughSeq: 11,
  },
  {
    name: "forges an older head's signature",
    shown: async () => {
      const newer = (await aCheckpoint(LOG, 30)).split("\n").at(-3) ?? "";
      return edited("checkpoints/10", (text) => text.replace(/— gw\.example\/audit.*/, newer));
    },
    code: "SIGNATURE_INVALID",
  },
];

const other = someLog(SIZE, {
  origin: "gw.example/audit/ffffffffffffffffffffffffffffffff",
  account: "acct_other",
});
const STRANGERS: Edit[] = [
  {
    name: "shows another account's log, truly signed",
    shown: async () => ({ folder: await anExport(other) }),
    code: "ORIGIN_DIFFERS",
  },
  {
    name: "shows another account's entries under this log's key",
    shown: async () => ({
      folder: await anExport({ ...other, origin: ORIGIN, account: LOG.account }),
    }),
    code: "ENTRY_OF_ANOTHER_ACCOUNT",
    seq: 1,
  },
  {
    name: "puts one entry of another account in",
    shown: at(TARGET, () => record(other.entries[TARGET - 1] ?? "", TARGET)),
    code: "ENTRY_OF_ANOTHER_ACCOUNT",
    seq: TARGET,
  },
  {
    name: "says that the export is another account's",
    shown: file("export.json", (text) => text.replace(LOG.account, "acct_other")),
    code: "ENTRY_OF_ANOTHER_ACCOUNT",
    seq: 1,
  },
  {
    name: "says that the export is of another log",
    shown: file("export.json", (text) => text.replace(ORIGIN, other.origin)),
    code: "ORIGIN_DIFFERS",
  },
  {
    name: "lays an older head of another log beside it",
    shown: async () => {
      const head = await aCheckpoint(other, 10);
      return edited("checkpoints/10", () => head);
    },
    code: "ORIGIN_DIFFERS",
  },
  {
    name: "opens another log inside of this one",
    shown: async () => ({
      folder: await anExport(
        someLog(SIZE, {
          events: new Map([[30, { type: "log.opened", meta: { origin: other.origin } }]]),
        }),
      ),
    }),
    code: "ORIGIN_DIFFERS",
  },
];

const OPENINGS = "openings.jsonl";
const PRIVATE: Edit[] = [
  {
    name: "shows another value for a private one",
    shown: file(OPENINGS, (text) => text.replace(`U10000${TARGET}`, "U1000099")),
    code: "OPENING_DIFFERS",
    seq: TARGET,
  },
  {
    name: "shows another salt",
    shown: file(OPENINGS, (text) =>
      text.replace(/"salt":"(.)/, (_, digit) => `"salt":"${digit === "0" ? "1" : "0"}`),
    ),
    code: "OPENING_DIFFERS",
    seq: 3,
  },
  {
    name: "shows an input as an output",
    shown: file(OPENINGS, (text) => text.replace('"field":"input"', '"field":"output"')),
    code: "OPENING_WITHOUT_COMMITMENT",
    seq: 3,
  },
  {
    name: "shows one call's input as another's",
    shown: file(OPENINGS, (text) => {
      const [a = "", b = "", ...rest] = text.split("\n");
      return [a.replace('"seq":3', '"seq":6'), b.replace('"seq":6', '"seq":3')]
        .reverse()
        .concat(rest)
        .join("\n");
    }),
    code: "OPENING_DIFFERS",
    seq: 3,
  },
  {
    name: "opens an entry that has nothing private",
    shown: file(OPENINGS, (text) => text.replace('"seq":3}', '"seq":4}')),
    code: "OPENING_WITHOUT_COMMITMENT",
    seq: 4,
  },
  {
    name: "opens an entry that is not there",
    shown: file(OPENINGS, (text) => text.replace('"seq":39}', '"seq":41}')),
    code: "OPENING_WITHOUT_COMMITMENT",
    seq: 41,
  },
  {
    name: "lays the openings in another order",
    shown: file(OPENINGS, (text) => `${text.trimEnd().split("\n").reverse().join("\n")}\n`),
    code: "OPENING_MALFORMED",
  },
];

const SPELLINGS: Edit[] = [
  {
    name: "writes a record's member twice",
    shown: at(TARGET, (line) => line.replace('{"entry"', '{"entry":"ibkr-audit/v1","entry"')),
    code: "RECORD_MALFORMED",
    seq: TARGET,
  },
  {
    name: "adds a member to a record",
    shown: at(TARGET, (line) => line.replace(/\}$/, ',"zone":"x"}')),
    code: "RECORD_MALFORMED",
    seq: TARGET,
  },
  {
    name: "gives a record another index",
    shown: at(TARGET, (line) => line.replace(`"index":${TARGET - 1}`, `"index":${TARGET}`)),
    code: "RECORD_MALFORMED",
    seq: TARGET,
  },
  {
    name: "writes a hash in capitals",
    shown: at(TARGET, (line) =>
      line.replace(/"leaf_hash":"[0-9a-f]+"/, (hash) =>
        hash.toUpperCase().replace("LEAF_HASH", "leaf_hash"),
      ),
    ),
    code: "LEAF_HASH_DIFFERS",
    seq: TARGET,
  },
  {
    name: "puts an empty line in",
    shown: lines((all) => all.toSpliced(4, 0, "")),
    code: "RECORD_MALFORMED",
    seq: 5,
  },
  {
    name: "ends lines as in Windows",
    shown: file(FILE, (text) => text.replaceAll("\n", "\r\n")),
    code: "RECORD_MALFORMED",
    seq: 1,
  },
  {
    name: "begins a file with a byte order mark",
    shown: file(FILE, (text) => `\ufeff${text}`),
    code: "RECORD_MALFORMED",
    seq: 1,
  },
  {
    name: "leaves a gap between the ranges of files",
    shown: file("export.json", (text) =>
      text.replace('"files":[{"from_index":0', '"files":[{"from_index":1'),
    ),
    code: "MANIFEST_MALFORMED",
  },
  {
    name: "names a file outside of the folder",
    shown: file("export.json", (text) => text.replace(FILE, "entries/../../key")),
    code: "MANIFEST_MALFORMED",
  },
  {
    name: "adds a hash to the way to the head",
    shown: file("export.json", (text) =>
      text.replace('"tail":[]', `"tail":["${"A".repeat(43)}="]`),
    ),
    code: "PROOF_LENGTH",
  },
];

/** Every edit, by what it edits. */
export const EDITS: Readonly<Record<string, readonly Edit[]>> = {
  "what happened": CHANGED,
  "the row of entries": MOVED,
  "the signed heads": HEADS,
  "whose log it is": STRANGERS,
  "private values": PRIVATE,
  "how it is written": SPELLINGS,
};
