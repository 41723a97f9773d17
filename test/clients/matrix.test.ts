import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import * as z from "zod";
import { fromRoot } from "../../scripts/lib/paths.ts";

const ROW = /\]\(\.\.\/(test\/[\w/.-]+)\) `([^`]+)` \|$/;
const Package = z.object({
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
});

it("the published client matrix names tests that there are, and the versions they ran with", async () => {
  const matrix = await readFile(fromRoot("docs/clients.md"), "utf8");
  const rows = matrix
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| (client|host) \|/.test(line));
  expect(rows.length).toBeGreaterThan(20);
  for (const row of rows) {
    const [, file = "", name = ""] = ROW.exec(row) ?? [];
    expect(file, row).not.toBe("");
    expect(await readFile(fromRoot(file), "utf8"), row).toContain(`"${name}"`);
  }

  const { dependencies, devDependencies } = Package.parse(
    JSON.parse(await readFile(fromRoot("package.json"), "utf8")),
  );
  const installed = { ...dependencies, ...devDependencies };
  const clients = [...matrix.matchAll(/`(@?[a-z0-9/-]+)` (\d+\.\d+\.\d+)/g)];
  expect(clients.length).toBeGreaterThanOrEqual(7);
  for (const [, name = "", version] of clients)
    expect([name, installed[name]]).toEqual([name, version]);
});
