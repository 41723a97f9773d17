import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FAULTS } from "./fault.ts";
import * as vectors from "./testing/vectors.ts";

/** The specification says what the code does: vectors and codes come from here. */
const FILE = join(import.meta.dirname, "SPEC.md");
const HEADING = "## 12. Faults\n";
const read = () => readFileSync(FILE, "utf8");

function faultsTable(): string {
  const rows = ["broken", "unchecked", "unwitnessed"].map((outcome) => {
    const codes = Object.entries(FAULTS)
      .filter(([, found]) => found === outcome)
      .map(([code]) => `\`${code}\``)
      .sort();
    return `| ${outcome} | ${codes.join(", ")} |`;
  });
  return ["", "| outcome | codes |", "|---|---|", ...rows, ""].join("\n");
}

describe("the specification", () => {
  it("lists every code of a fault (UPDATE_DOCS=1 writes them)", () => {
    const text = read();
    const upToHere = text.slice(0, text.indexOf(HEADING) + HEADING.length);
    if (process.env.UPDATE_DOCS === "1") writeFileSync(FILE, upToHere + faultsTable());
    expect(read()).toBe(upToHere + faultsTable());
  });

  it("has an example that is one of the vectors", () => {
    const text = read();
    const shown = [
      vectors.LOG_VKEY,
      vectors.PC_VKEY,
      vectors.CHECKPOINT_8,
      vectors.CHECKPOINT_8_SHA256,
      vectors.CONSISTENCY_3_8.join("\n"),
      `extra ${vectors.EXTRA_BASE64}`,
      vectors.PROOF_2_OF_8_SHA256,
      vectors.COMMITMENT,
      vectors.STATEMENT_TEXT,
      vectors.STATEMENT_SIGNATURE,
      vectors.ENTRY_ACCOUNT,
      ...vectors.ENTRY_ROOTS.filter(([size]) => [1, 2, 3, 8].includes(size)).map(
        ([, root]) => root,
      ),
    ];
    for (const part of shown) expect(text).toContain(part);
  });
});
