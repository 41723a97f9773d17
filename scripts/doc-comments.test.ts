import { readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { undocumented } from "./lib/doc-comments.ts";
import { fromRoot, ROOT } from "./lib/paths.ts";

const names = (text: string) => undocumented("sample.ts", text).map(({ name }) => name);

describe("doc comments", () => {
  it("are on every exported function of the packages", async () => {
    const files: string[] = [];
    for await (const file of glob("packages/*/**/*.ts", { cwd: ROOT })) {
      if (!file.includes("node_modules") && !file.endsWith(".test.ts")) files.push(file);
    }
    expect(files.length).toBeGreaterThan(100);
    const found = files.flatMap((file) => undocumented(file, readFileSync(fromRoot(file), "utf8")));
    expect(found.map(({ file, line, name }) => `${file}:${line} ${name}`)).toEqual([]);
  });

  it("are missed on functions however they are written, and on nothing else", () => {
    expect(names("export function a() {}")).toEqual(["a"]);
    expect(names("export async function b(): Promise<void> {}")).toEqual(["b"]);
    expect(names("export const c = (x: number) => x;")).toEqual(["c"]);
    expect(names("export const d = function () {};")).toEqual(["d"]);
    expect(names("export default function () {}")).toEqual(["default"]);
    expect(names("/* no doc comment */ export function e() {}")).toEqual(["e"]);
    expect(names("/** */ export function f() {}")).toEqual(["f"]);
    expect(names("/** Of the file. */\n\nconst x = 1;\nexport function g() {}")).toEqual(["g"]);
    expect(names("/** Says it. */ export function h() {}")).toEqual([]);
    expect(names("/** Says it. */ export const i = () => 1;")).toEqual([]);
    expect(names("function j() {} export const K = 1; export interface L { m(): void }")).toEqual(
      [],
    );
  });

  it("of one overload speak for the others", () => {
    const overloads = "export function a(x: 1): 1;\nexport function a(x: 2): 2;\n";
    expect(names(`/** Says it. */ ${overloads}export function a(x: number) { return x; }`)).toEqual(
      [],
    );
    expect(names(`${overloads}export function a(x: number) { return x; }`)).toEqual(["a"]);
  });
});
