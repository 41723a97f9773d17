import { type Edit, file, TARGET } from "./edits.ts";

const OPENINGS = "openings.jsonl";
/** Edits of what opens commitments. */
export const PRIVATE: readonly Edit[] = [
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
