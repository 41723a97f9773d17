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
        `| ${number} | ${name} | \`${code}\` | ${stage} | ${BINDS[scope]} | ${means} |`,
    ),
  );
});
