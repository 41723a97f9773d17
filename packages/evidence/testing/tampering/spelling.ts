import { at, type Edit, FILE, file, lines, TARGET } from "./edits.ts";

/** Edits of how a file is written. */
export const SPELLINGS: readonly Edit[] = [
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
