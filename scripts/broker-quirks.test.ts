import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { fromRoot } from "./lib/paths.ts";

it("every row of the broker's quirks is held by a test that bears its number", async () => {
  const text = await readFile(fromRoot("docs/broker-quirks.md"), "utf8");
  const rows = [...text.matchAll(/^\| (B\d+) \|.*\|([^|]+)\|$/gm)];
  expect(rows.map(([, row]) => row)).toEqual(Array.from({ length: 20 }, (_, n) => `B${n + 1}`));
  for (const [, row = "", tests = ""] of rows) {
    const files = [...tests.matchAll(/\]\(([^)]+\.test\.ts)\)/g)].map(([, path = ""]) => path);
    expect(files.length, row).toBeGreaterThan(0);
    for (const file of files) {
      const source = await readFile(fromRoot(join(dirname("docs/x"), file)), "utf8");
      expect(new RegExp(`["\`(\\[]${row}: `).test(source), `${row} in ${file}`).toBe(true);
    }
  }
});
