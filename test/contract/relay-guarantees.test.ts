import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { GUARANTEE_FILES, guaranteesDocument, testNames } from "../support/relay/guarantees.ts";
import { REQUIREMENTS } from "../support/relay/requirements.ts";

const DOCUMENT = fromRoot("docs/relay-guarantees.md");

describe("the list of the relay's guarantees", () => {
  it("names every test that holds one, and no other", () => {
    const document = guaranteesDocument();
    if (process.env.UPDATE_DOCS) writeFileSync(DOCUMENT, document);
    expect(readFileSync(DOCUMENT, "utf8")).toBe(document);
  });

  it("holds every clause by tests that exist", () => {
    const names = new Set(GUARANTEE_FILES.flatMap(([, file]) => testNames(file)));
    const clauses = Object.values(REQUIREMENTS).flat();
    expect(clauses.length).toBeGreaterThan(60);
    for (const { clause, tests } of clauses) {
      expect(tests.length, clause).toBeGreaterThan(0);
      for (const name of tests) expect(names, clause).toContain(name);
    }
  });

  it("misses no test of its files", () => {
    for (const [, file] of GUARANTEE_FILES) {
      const source = readFileSync(fromRoot(file), "utf8");
      const tests = source.match(/^ {2}it[.(]/gm)?.length ?? 0;
      const section = guaranteesDocument().split(`\`${file}\``)[1]?.split("\n## ")[0] ?? "";
      expect(section.match(/^- /gm)?.length, file).toBe(tests);
    }
  });
});
