import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { type LockFile, onlyFor, withoutChecksum } from "./lib/lock-file.ts";
import { fromRoot } from "./lib/paths.ts";

const text = await readFile(fromRoot("package-lock.json"), "utf8");
const lock: LockFile = JSON.parse(text);

describe("package-lock.json", () => {
  it("has a checksum for every package of every platform", () => {
    expect(withoutChecksum(lock)).toEqual([]);
  });

  it("is found wanting when one is taken out", () => {
    const [path] = onlyFor(lock, "win32", "x64");
    if (path === undefined) throw new Error("nothing is installed for Windows alone");
    const packages = { ...lock.packages, [path]: { ...lock.packages[path], integrity: "" } };
    expect(withoutChecksum({ packages })).toEqual([path]);
  });

  it("names no registry that a package would be fetched from", () => {
    const addresses = Object.values(JSON.parse(text).packages)
      .flatMap((entry) => (entry instanceof Object && "resolved" in entry ? [entry.resolved] : []))
      .filter((resolved) => typeof resolved === "string" && resolved.includes("://"));
    expect(addresses).toEqual([]);
  });

  it.each([
    ["linux", "x64"],
    ["linux", "arm64"],
    ["darwin", "x64"],
    ["darwin", "arm64"],
    ["win32", "x64"],
  ])("holds workerd, esbuild and Biome for %s on %s", (os, cpu) => {
    const paths = onlyFor(lock, os, cpu).join("\n");
    for (const name of ["@cloudflare/workerd-", "@esbuild/", "@biomejs/cli-"]) {
      expect(paths).toContain(name);
    }
  });
});
