import canonicalize from "canonicalize";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "./canonical-json.ts";
import type { JsonValue } from "./json.ts";

const names = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.nat(30).map(String),
  fc.constantFrom(
    "a",
    "b",
    "__proto__",
    "toJSON",
    "constructor",
    "\u20ac",
    "\ufb33",
    "\ud83d\ude00",
  ),
);
const leaves = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constantFrom(null, -0, 1e21, 5e-324, "\u2028", "\ud800", "\u007f", Number.NaN, undefined),
);
const values = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, leaves, tie("list"), tie("object"), tie("bare")),
  list: fc.array(tie("value"), { maxLength: 4 }),
  object: fc
    .array(fc.tuple(names, tie("value")), { maxLength: 6 })
    .map((members) => Object.fromEntries(members)),
  bare: fc.dictionary(names, tie("value"), { maxKeys: 4, noNullPrototype: false }),
})).value;

function outcome(act: () => string | undefined): string {
  try {
    return act() ?? "(nothing)";
  } catch {
    return "(refused)";
  }
}

describe("canonical JSON", () => {
  it("is the library's, text for text and refusal for refusal, on any value", () => {
    fc.assert(
      fc.property(values, (value) => {
        const given = value as JsonValue;
        const wanted = outcome(() => canonicalize(value));
        const expected = wanted === "(nothing)" ? "(refused)" : wanted;
        expect(outcome(() => canonicalJson(given))).toBe(expected);
      }),
      { seed: 20261120, numRuns: 3_000 },
    );
  });

  it("leaves what it was given as it was", () => {
    const value = { b: [{ d: 1, c: 2 }], a: "x" };
    expect(canonicalJson(value)).toBe('{"a":"x","b":[{"c":2,"d":1}]}');
    expect(JSON.stringify(value)).toBe('{"b":[{"d":1,"c":2}],"a":"x"}');
  });

  it("takes any depth, and refuses a circle", () => {
    let deep: JsonValue = { b: 1, a: 2 };
    for (let level = 0; level < 5_000; level += 1) deep = [deep];
    expect(canonicalJson(deep)).toBe(canonicalize(deep));
    const circle: { [key: string]: JsonValue } = {};
    circle.self = circle;
    expect(() => canonicalJson(circle)).toThrow();
  });
});
