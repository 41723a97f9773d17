import { glob, readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { fromRoot } from "./lib/paths.ts";
import { type Source, withoutTest } from "./lib/without-test.ts";

const ROAD = "sidecar/src/orders/";

async function sources(): Promise<Source[]> {
  const found: Source[] = [];
  for await (const name of glob(`${ROAD}**/*.ts`, { cwd: fromRoot(".") })) {
    const path = name.replaceAll("\\", "/");
    found.push({ path, text: await readFile(fromRoot(path), "utf8") });
  }
  return found;
}

describe("the road of an order at the PC", () => {
  it("has a test beside it for every file: one that imports it", async () => {
    const all = await sources();
    expect(all.length).toBeGreaterThan(80);
    expect(withoutTest(all)).toEqual([]);
  });
});

describe("the rule itself", () => {
  const source = (path: string, text: string): Source => ({ path, text });
  const code = "export const send = () => 1;";

  it("finds a file that no test imports", () => {
    const test = source("a/other.test.ts", 'import { x } from "./other.ts";\nx();');
    expect(withoutTest([source("a/send.ts", code), test])).toEqual(["a/send.ts"]);
  });

  it("does not count a test that only names the file, or imports its types", () => {
    const named = source(
      "a/send.test.ts",
      '// tests "./send.ts"\nimport type { S } from "./send.ts";',
    );
    expect(withoutTest([source("a/send.ts", code), named])).toEqual(["a/send.ts"]);
  });

  it("takes an import from another folder", () => {
    const test = source("a/b/c.test.ts", 'import { send } from "../send.ts";\nsend();');
    expect(withoutTest([source("a/send.ts", code), test])).toEqual([]);
  });

  it("asks for no test of what is types alone", () => {
    const types =
      'import type { B } from "./b.ts";\nexport interface A { b: B }\nexport type C = A;';
    expect(withoutTest([source("a/types.ts", types)])).toEqual([]);
  });
});
