import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { CHECKS } from "./registry.ts";

const BINDS = { always: "every request", orders: "orders and changes", entries: "entries" };

it("the published table lists every check, in order, as it is", () => {
  const page = readFileSync("docs/policy-checks.md", "utf8");
  const rows = page.split("\n").filter((line) => /^\| \d+ \|/.test(line));
  expect(rows).toEqual(
    CHECKS.map(
      ({ number, name, code, stage, scope, means }) =>
        `| ${number} | ${name} | \`${code}\` | ${stage} | ${BINDS[scope]} | ${means} | [${stage}](../test/support/policy-cases/${stage}.ts) |`,
    ),
  );
});

it("every check has its cases where the table says", () => {
  for (const { name, stage } of CHECKS) {
    const cases = readFileSync(`test/support/policy-cases/${stage}.ts`, "utf8");
    expect(cases, name).toMatch(new RegExp(`^  "?${name}"?: \\{`, "m"));
  }
});
