import type { CaseResult } from "./reporter.ts";

const HEAD = ["instant", "zone", "kind", "files", "passed", "failed", "seconds"] as const;

/** One line for each case, and one for all of them; `seconds` are the tests' own, two or more at once. */
export function tableOf(results: readonly CaseResult[]): string {
  const rows = results.map(({ name, files, passed, failed, seconds }) => [
    ...name.split(" "),
    ...[files, passed, failed].map(String),
    seconds.toFixed(1),
  ]);
  const sum = (of: (result: CaseResult) => number) =>
    results.reduce((total, result) => total + of(result), 0);
  rows.push([
    ...["all", "", ""],
    ...[sum((r) => r.files), sum((r) => r.passed), sum((r) => r.failed)].map(String),
    sum((r) => r.seconds).toFixed(1),
  ]);
  const widths = HEAD.map((head, at) =>
    Math.max(head.length, ...rows.map((row) => row[at]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => (at < 3 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join("  ")
      .trimEnd();
  return [line(HEAD), ...rows.map(line)].join("\n");
}
