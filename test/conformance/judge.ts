import type { Check } from "./suite.ts";

export type Verdict =
  | { passed: true; successes: string[] }
  | { passed: false; reason: "not_run" | "failed" | "warned" | "empty"; detail: string };

/** Checks that the suite adds to whatever was exchanged, also when nothing was. */
const SYNTHETIC = new Set(["wire-schema-valid"]);

/**
 * Stricter than the suite's own tick, which some scenarios get from a server that is down: a
 * scenario has passed when it ran, nothing in it failed or warned, and at least one check of its
 * own succeeded.
 */
export function judge(checks: Check[] | undefined): Verdict {
  if (checks === undefined) return { passed: false, reason: "not_run", detail: "" };
  const failed = checks.filter(({ status }) => status === "FAILURE");
  if (failed.length > 0) return { passed: false, reason: "failed", detail: describe(failed) };
  const warned = checks.filter(({ status }) => status === "WARNING");
  if (warned.length > 0) return { passed: false, reason: "warned", detail: describe(warned) };
  const successes = checks
    .filter(({ id, status }) => status === "SUCCESS" && !SYNTHETIC.has(id))
    .map(({ id }) => id);
  return successes.length > 0
    ? { passed: true, successes }
    : { passed: false, reason: "empty", detail: describe(checks) };
}

function describe(checks: Check[]): string {
  return checks
    .map(({ id, status, errorMessage = "" }) => `${status} ${id} ${errorMessage}`.trim())
    .join("; ");
}
