import { glob, readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { handReads } from "./lib/broker-readers.ts";
import { fromRoot } from "./lib/paths.ts";
import type { SourceFile } from "./lib/sql-in-tables.ts";

it("no value of the broker is read by hand", async () => {
  const files: SourceFile[] = [];
  for await (const found of glob("sidecar/src/**/*.ts", { cwd: fromRoot(".") })) {
    const path = found.replaceAll("\\", "/");
    if (/\.test\.ts$/.test(path)) continue;
    files.push({ path, text: await readFile(fromRoot(path), "utf8") });
  }
  expect(files.length).toBeGreaterThan(200);
  expect(handReads(files).map(({ path, line, what }) => `${path}:${line} ${what}`)).toEqual([]);
});

describe("the rule itself", () => {
  const found = (path: string, text: string) => handReads([{ path, text }]).map(({ what }) => what);
  const decoder = "sidecar/src/client-portal/endpoints/orders.ts";

  it("finds the parsers, own schemas, conversions and swallowed values", () => {
    const parsers = 'import { toDecimal } from "../client-portal/wire-values.ts";';
    expect(found("sidecar/src/operation-handlers/quote-fields.ts", parsers)).toEqual([
      "imports the parsers under the readers",
    ]);
    expect(
      found("sidecar/src/client-portal/readers.ts", 'import { a } from "./wire-values.ts";'),
    ).toEqual([]);
    expect(found(decoder, "const Row = z.looseObject({ price: z.number() });")).toEqual([
      "reads by z.number",
    ]);
    expect(found(decoder, "const Row = z.looseObject({ id: z.coerce.string() });")).toEqual([
      "reads by z.coerce",
    ]);
    expect(found(decoder, "const price = parseFloat(row.price);")).toEqual([
      "converts by parseFloat",
    ]);
    expect(found(decoder, "const Row = Series.nullish().catch(null);")).toEqual([
      "swallows a value",
    ]);
  });

  it("leaves readers, names of records and other files alone", () => {
    expect(found(decoder, "const Row = z.looseObject({ price: wire.price });")).toEqual([]);
    expect(found(decoder, "const Row = z.record(z.string(), z.unknown());")).toEqual([]);
    expect(found("sidecar/src/config/status-file.ts", "z.object({ pid: z.int() });")).toEqual([]);
  });
});
