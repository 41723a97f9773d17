import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { DOCUMENT, withDependencyGraph } from "./lib/dependency-graph.ts";

it("CONTRIBUTING.md shows who imports whom today; mend it with npm run dependency-graph", async () => {
  const text = await readFile(DOCUMENT, "utf8");
  expect(await withDependencyGraph(text)).toBe(text);
});
