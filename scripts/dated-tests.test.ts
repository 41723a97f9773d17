import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { datedTests } from "./lib/dated-tests.ts";
import { fromRoot, ROOT } from "./lib/paths.ts";

it("no test takes the machine's time for that of a date which will pass", () => {
  const paths = globSync(
    ["{src,durable-objects,packages,sidecar/src,client/src,scripts}/**/*.test.ts", "test/**/*.ts"],
    { cwd: ROOT },
  );
  expect(paths.length).toBeGreaterThan(200);
  const files = new Map(
    paths.map((path) => [path.replaceAll("\\", "/"), readFileSync(fromRoot(path), "utf8")]),
  );
  const told = datedTests(files).map(({ file, line, text }) => `${file}:${line} ${text}`);
  expect(told, "give it its days from now, or say why it may stand: // fixed date: <why>").toEqual(
    [],
  );
});

/** In pieces, so that this file holds none. */
const DAY = ["2031", "11", "21"].join("-");
const FIXTURE = `
  const LAST_DAY = "${DAY}T00:00:00.000Z";
  export function aMandate(over = {}) { return { not_after: LAST_DAY, ...over }; }
  export const lasting = { not_after: "2099-01-01T00:00:00.000Z" };
`;
const READS_IT = 'import { aMandate } from "../support/orders.ts";';

function found(test: string, more: Record<string, string> = {}): string[] {
  const files = {
    "test/contract/mandates.test.ts": test,
    "test/support/orders.ts": FIXTURE,
    ...more,
  };
  return datedTests(new Map(Object.entries(files))).map(({ text }) => text);
}

describe("a date that will pass is found", () => {
  it("in a test that asks the machine for the time", () => {
    expect(
      found(`const end = "${DAY}"; expect(Date.parse(end)).toBeGreaterThan(Date.now());`),
    ).toEqual([`"${DAY}"`]);
    expect(found("const end = Date.UTC(2031, 10, 21); use(end, new Date());")).toEqual([
      "Date.UTC(2031, 10, 21)",
    ]);
  });

  it("in a fixture that such a test takes over, whatever hands it on", () => {
    const starts = 'import { spawn } from "node:child_process";';
    expect(found(`${starts}\n${READS_IT}`)).toEqual(["aMandate"]);
    const between = 'import { aMandate } from "./orders.ts"; export const open = () => aMandate();';
    expect(
      found(`${starts}\nimport { open } from "../support/desk.ts";`, {
        "test/support/desk.ts": between,
      }),
    ).toEqual(["open"]);
  });

  it("where what the test imports asks the machine", () => {
    const run = "export const run = () => launchGateway({});";
    const both = `${READS_IT}\nimport { run } from "../support/run.ts";`;
    expect(found(both, { "test/support/run.ts": run })).toEqual(["aMandate"]);
  });
});

describe("left alone is", () => {
  it("a date where the test has a clock of its own", () => {
    expect(found(`${READS_IT} const end = "${DAY}";`)).toEqual([]);
  });

  it("what never ends, what is long past, and a fixture without a date", () => {
    const never = 'import { lasting } from "../support/orders.ts"; Date.now();';
    expect(found(`${never} use("2099-01-01", "2019-01-01", "2026-07-28");`)).toEqual([]);
  });

  it("what says why it may stand", () => {
    const reason = "// fixed date: it is a label";
    expect(found(`Date.now();\n${reason}\nconst end = "${DAY}";`)).toEqual([]);
    expect(found(`Date.now();\nconst end = "${DAY}"; ${reason}`)).toEqual([]);
    expect(found(`// fixed dates: a clock of its own\nDate.now();\n\nuse("${DAY}");`)).toEqual([]);
    expect(found(`Date.now();\n// fixed date:\nconst end = "${DAY}";`)).toHaveLength(1);
  });
});
