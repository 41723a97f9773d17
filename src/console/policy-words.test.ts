import { POLICY_FIELDS } from "@ibkr-edge-gateway/policy/restriction.ts";
import { expect, it } from "vitest";
import { hasPolicyWords } from "./policy-words.ts";

/** Not edited on the page: identity, and lists of records. */
const ELSEWHERE = new Set([
  "v",
  "account_id",
  "mode",
  "state.maintenance",
  "state.quiet_hours",
  "instruments.restricted",
]);

it("every limit that can be edited has words of its own on the page", () => {
  const paths = POLICY_FIELDS.map(({ path }) => path.join("."));
  expect(paths.filter((path) => !ELSEWHERE.has(path) && !hasPolicyWords(path))).toEqual([]);
});
