import { readFileSync } from "node:fs";
import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { describe, expect, it } from "vitest";
import { aDraftOf } from "../../test/support/policy.ts";
import { POLICY_FIELD_CASES, READ_ELSEWHERE } from "../../test/support/policy-fields.ts";
import { PolicyDocument, policyOf } from "./document.ts";
import { evaluatePolicy } from "./evaluate.ts";
import { POLICY_FIELDS } from "./restriction.ts";

/**
 * Every field of a policy is read by a check that can fail: for each there is an order that passes,
 * and that is refused when this field alone has another value. The fields come from the schema, so
 * that one without a case fails here, and with it the build.
 */
const FIELDS = POLICY_FIELDS.map(({ path }) => path.join("."));

it("every field of the schema has its case, and there is none of a field that is gone", () => {
  const known = [...Object.keys(POLICY_FIELD_CASES), ...Object.keys(READ_ELSEWHERE)];
  expect(known.toSorted()).toEqual(FIELDS.toSorted());
});

describe.each(Object.entries(POLICY_FIELD_CASES))("%s", (field, { given, to, by }) => {
  it("alone turns an admitted order into a refused one", () => {
    const { s, p } = aDraftOf(given);
    const before = evaluatePolicy(s, policyOf(1, p));
    expect(before.failures.map(({ check, message }) => `${check}: ${message}`)).toEqual([]);
    const after = evaluatePolicy(s, policyOf(2, withField(p, field.split("."), to)));
    expect(after.allowed).toBe(false);
    expect(after.failures.map(({ check }) => check)).toContain(by);
  });
});

it.each(Object.entries(READ_ELSEWHERE))("%s is read by what its own test shows", (_field, at) => {
  expect(readFileSync(at.file, "utf8")).toContain(at.shows);
});

it("another version is no policy", () => {
  const { p } = aDraftOf();
  expect(PolicyDocument.safeParse(p).success).toBe(true);
  expect(PolicyDocument.safeParse({ ...p, v: 2 }).success).toBe(false);
});

function withField(document: PolicyDocument, path: string[], to: JsonValue): PolicyDocument {
  const copy: Record<string, JsonValue> = structuredClone(document);
  const [first = "", second] = path;
  const inner = copy[first];
  if (second === undefined) {
    copy[first] = to;
  } else if (typeof inner === "object" && inner !== null && !Array.isArray(inner)) {
    inner[second] = to;
  }
  return PolicyDocument.parse(copy);
}
