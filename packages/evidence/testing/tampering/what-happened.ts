import {
  at,
  changed,
  type Edit,
  entries,
  entryAt,
  record,
  SIZE,
  sayingOtherwise,
  TARGET,
  underTrueHead,
} from "./edits.ts";

/** Edits of what an entry says. */
export const CHANGED: readonly Edit[] = [
  {
    name: "changes a word of an entry",
    shown: at(TARGET, (line) => sayingOtherwise(line)),
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
