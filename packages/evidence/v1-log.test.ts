import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { toHex, utf8 } from "./bytes.ts";
import { formatEntry, parseEntry } from "./event/entry.ts";
import { readEvent } from "./event/event.ts";
import { parseRecord } from "./export/record.ts";
import { TreeBuilder } from "./merkle/frontier.ts";
import { hashLeaf } from "./merkle/hash.ts";

/** Written once by an object of the first version. Neither line nor root may ever need a change. */
const LINES = readFileSync(join(import.meta.dirname, "testing/v1-log.jsonl"), "utf8")
  .trimEnd()
  .split("\n");
const ROOT = "c1e3c0d692cac0dab17fa3de9b5b31c8c1dc7774a76b43e4735c7b01314b989f";

describe("a log of the first version", () => {
  it("still has the root that it had", () => {
    const tree = new TreeBuilder();
    for (const line of LINES) {
      const { entry, leaf_hash } = parseRecord(line);
      const leaf = hashLeaf(utf8(entry));
      expect(toHex(leaf)).toBe(leaf_hash);
      tree.append(leaf);
    }
    expect(tree.size).toBe(5);
    expect(toHex(tree.root())).toBe(ROOT);
  });

  it("is read, and each entry comes back as its text", () => {
    for (const line of LINES) {
      const { entry: text } = parseRecord(line);
      const entry = parseEntry(text);
      expect(formatEntry(entry)).toBe(text);
      expect(readEvent(entry.value)?.v).toBe(1);
    }
  });
});
