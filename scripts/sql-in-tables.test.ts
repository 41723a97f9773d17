import { glob, readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { fromRoot } from "./lib/paths.ts";
import { type SourceFile, sqlFindings, sqlTexts, tablesNamed } from "./lib/sql-in-tables.ts";

const SOURCES = "{src,durable-objects,packages,sidecar/src}/**/*.ts";
describe("one owner a table", () => {
  it("SQL stands in tables/ alone, and each table in one file of its own", async () => {
    const files: SourceFile[] = [];
    for await (const found of glob(SOURCES, {
      cwd: fromRoot("."),
      exclude: (name) => name === "node_modules",
    })) {
      const path = found.replaceAll("\\", "/");
      if (/\.test\.tsx?$/.test(path)) continue;
      files.push({ path, text: await readFile(fromRoot(path), "utf8") });
    }
    files.sort((a, b) => (a.path < b.path ? -1 : 1));
    expect(files.length).toBeGreaterThan(300);
    expect(sqlFindings(files).map(({ path, line, what }) => `${path}:${line} ${what}`)).toEqual([]);
  });
});

describe("the rule itself", () => {
  const at = (path: string, text: string): SourceFile => ({ path, text });
  const found = (...files: SourceFile[]) => sqlFindings(files).map(({ what }) => what);

  it("reads statements in every kind of text, and leaves prose alone", () => {
    const texts = [
      'sql.exec("SELECT a FROM b");',
      "sql.exec('DELETE FROM b');",
      "sql.exec(`UPDATE b\n SET a = ?`);",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: source text
      "sql.exec(`INSERT OR IGNORE INTO b VALUES (${list})`);",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: source text
      "sql.exec(`SELECT a FROM ${table} WHERE c = 1`);",
      'const s = "CREATE UNIQUE INDEX x ON b (a)";',
      'const s = "ALTER TABLE b ADD COLUMN c TEXT";',
    ];
    for (const text of texts) expect([text, sqlTexts(at("a.ts", text)).length]).toEqual([text, 1]);
    const prose = [
      'say("Select an account from the list, update your limits, delete from the page.");',
      "// SELECT a FROM b",
      'pick("SELECT");',
    ];
    for (const text of prose) expect([text, sqlTexts(at("a.ts", text))]).toEqual([text, []]);
  });

  it("knows the tables of a statement", () => {
    expect(
      tablesNamed("SELECT a FROM b JOIN c USING (d) WHERE e IN (SELECT value FROM json_each(?))"),
    ).toEqual(["b", "c"]);
    expect(tablesNamed("WITH x AS (SELECT a FROM b) SELECT a FROM x JOIN c")).toEqual(["b", "c"]);
    expect(tablesNamed("INSERT INTO b (a) VALUES (?) ON CONFLICT (a) DO UPDATE SET a = 1")).toEqual(
      ["b"],
    );
  });

  it("finds what stands in the wrong place", () => {
    const room = "durable-objects/account/orders";
    expect(found(at(`${room}/agent/submit.ts`, 'sql.exec("SELECT a FROM keys");'))).toEqual([
      "SQL stands outside a folder tables/",
    ]);
    const two = 'one("SELECT a FROM keys");\ntwo("DELETE FROM fills");';
    expect(found(at(`${room}/tables/keys.ts`, two))).toEqual(["fills in the file of keys"]);
    expect(
      found(
        at(`${room}/tables/keys.ts`, 'one("SELECT a FROM keys");'),
        at(`${room}/tables/cleaning.ts`, 'one("DELETE FROM keys");'),
      ),
    ).toEqual([`keys is the table of ${room}/tables/keys.ts`]);
    expect(
      found(
        at(`${room}/tables/keys/rows.ts`, 'one("SELECT a FROM keys");'),
        at(`${room}/tables/fills/old.ts`, 'one("DELETE FROM keys");'),
      ),
    ).toEqual([`keys is the table of ${room}/tables/keys/`]);
    const joined = 'one("SELECT a FROM keys JOIN fills USING (b)");';
    expect(found(at(`${room}/tables/joint/spent.ts`, joined))).toEqual([
      "the top of the file does not name keys",
      "the top of the file does not name fills",
    ]);
  });

  it("lets stand what is in its place", () => {
    const schema =
      "const s = `CREATE TABLE keys (a); CREATE TABLE fills (b); UPDATE fills SET b = 1`;";
    const joined = '/** keys and fills. */\nexport const a = one("SELECT a FROM keys JOIN fills");';
    expect(
      found(
        at("durable-objects/account/tables/schema.ts", schema),
        at("durable-objects/account/tables/keys.ts", 'one("SELECT a FROM keys");'),
        at("durable-objects/d1/tables/keys.ts", 'one("SELECT a FROM keys");'),
        at("durable-objects/account/tables/fills/rows.ts", 'one("SELECT a FROM fills");'),
        at("durable-objects/account/tables/fills/old.ts", 'one("DELETE FROM fills");'),
        at("durable-objects/account/tables/joint/both.ts", joined),
      ),
    ).toEqual([]);
  });
});
