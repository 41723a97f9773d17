import { aCheckpoint, anExport } from "../a-log.ts";
import {
  type Edit,
  entries,
  entryAt,
  FILE,
  file,
  LOG,
  lines,
  record,
  renumber,
  SIZE,
  sayingOtherwise,
  TARGET,
  underTrueHead,
  withFile,
} from "./edits.ts";

/** Edits of which entries there are, and in which order. */
export const MOVED: readonly Edit[] = [
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
      folder: withFile(
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
      all.toSpliced(TARGET - 1, 0, record(sayingOtherwise(entryAt(TARGET)), TARGET)),
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
      return { folder: withFile(folder, "export.json", text.replace(/"left":\["./, '"left":["/')) };
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
      return { folder: withFile(folder, "export.json", text.replace(/"tail":\["./, '"tail":["/')) };
    },
    code: "ROOT_DIFFERS",
  },
];
