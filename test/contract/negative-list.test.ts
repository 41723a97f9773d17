import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { NEGATIVE_LIST, negativeListDocument, numberedTests } from "../support/negative-list.ts";

const DOCUMENT = fromRoot("docs/negative-list.md");

describe("the negative list", () => {
  it("has a test for each of its sixty numbers, and no test has a number beyond them", () => {
    expect(NEGATIVE_LIST).toHaveLength(60);
    const held = new Set(numberedTests().map(({ number }) => number));
    expect([...held].sort((a, b) => a - b)).toEqual(NEGATIVE_LIST.map((_, index) => index + 1));
  });

  it("is in the documents as the tests are named", () => {
    const document = negativeListDocument();
    if (process.env.UPDATE_DOCS) writeFileSync(DOCUMENT, document);
    expect(readFileSync(DOCUMENT, "utf8")).toBe(document);
  });
});
