import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromRoot } from "../../scripts/lib/paths.ts";
import {
  bearing,
  orderGuaranteesDocument,
  SECTIONS,
  testFiles,
} from "../support/order-guarantees.ts";

const DOCUMENT = fromRoot("docs/orders-guarantees.md");

describe("the list of what is promised of orders", () => {
  it("names tests that exist, and at least one for every line", () => {
    const files = testFiles();
    for (const { rows } of SECTIONS) {
      for (const { id, tests } of rows) {
        expect(tests.length, id).toBeGreaterThan(0);
        for (const name of tests)
          expect([id, name, bearing(files, name).length > 0]).toEqual([id, name, true]);
      }
    }
  });

  it("has all six lines, all sixteen letters and all twenty scenarios, each under its own name", () => {
    const ids = SECTIONS.flatMap(({ rows }) => rows.map(({ id }) => id));
    const wanted = [
      ...Array.from({ length: 6 }, (_, n) => String(n + 1)),
      ...[..."abcdefghijklmnop"].map((letter) => `(${letter})`),
      ...Array.from({ length: 20 }, (_, n) => `S${n + 1}`),
    ];
    expect(wanted.filter((id) => !ids.includes(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { rows } of SECTIONS) {
      for (const { id, tests } of rows) {
        if (/^(\([a-p]\)|S\d+)$/.test(id)) expect(tests.join(" "), id).toContain(id);
      }
    }
  });

  it("is what the document says", () => {
    const document = orderGuaranteesDocument();
    if (process.env.UPDATE_DOCS) writeFileSync(DOCUMENT, document);
    expect(readFileSync(DOCUMENT, "utf8")).toBe(document);
  });
});
