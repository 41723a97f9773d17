import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { fromRoot } from "./lib/paths.ts";

const DOCUMENTS = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  ...(await readdir(fromRoot("docs")))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

describe("the documents", () => {
  it.each(DOCUMENTS)("%s links to nothing that is not there", async (document) => {
    const text = await readFile(fromRoot(document), "utf8");
    const targets = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)].map(
      ([, target = ""]) => join(dirname(document), target),
    );
    expect(targets.filter((target) => !existsSync(fromRoot(target)))).toEqual([]);
  });

  it("name no command that package.json does not have", async () => {
    const { scripts } = JSON.parse(await readFile(fromRoot("package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const known = new Set([...Object.keys(scripts), "ci", "install", "pack"]);
    for (const document of DOCUMENTS) {
      const text = await readFile(fromRoot(document), "utf8");
      const named = [...text.matchAll(/npm (?:run (?:-s )?)?([a-z][a-z:-]*[a-z])/g)].map(
        ([, name = ""]) => name,
      );
      expect(
        named.filter((name) => !known.has(name)),
        document,
      ).toEqual([]);
    }
  });

  it("CONTRIBUTING walks an order's road through functions that stand where it says", async () => {
    const text = await readFile(fromRoot("CONTRIBUTING.md"), "utf8");
    const named = /`([A-Za-z]+)`(?: \| | in )\[[^\]\n]+\]\(([^)\n]+\.ts)\)/g;
    const steps = [...text.matchAll(named)].map(([, name = "", path = ""]) => ({ name, path }));
    expect(steps.length).toBeGreaterThan(25);
    const missing: string[] = [];
    for (const { name, path } of steps) {
      const source = await readFile(fromRoot(path), "utf8");
      const declared = new RegExp(`(?:function|const) ${name}\\b|^  (?:async )?${name}\\(`, "m");
      if (!declared.test(source)) missing.push(`${name} is not in ${path}`);
    }
    expect(missing).toEqual([]);
  });

  it("CONTRIBUTING says why every dependency is there", async () => {
    const text = await readFile(fromRoot("CONTRIBUTING.md"), "utf8");
    for (const manifest of ["package.json", "sidecar/package.json", "client/package.json"]) {
      const { dependencies = {}, devDependencies = {} } = JSON.parse(
        await readFile(fromRoot(manifest), "utf8"),
      ) as Record<string, Record<string, string>>;
      for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
        expect(text, `${manifest}: ${name}`).toContain(`\`${name}\``);
      }
    }
  });
});
