import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseStrictJson } from "./strict-json.ts";

const reasonOf = (text: string, depth = 32) => {
  const parsed = parseStrictJson(text, depth);
  return parsed.ok ? "ok" : parsed.reason;
};

describe("strict JSON", () => {
  it("agrees with JSON.parse on every value that JSON can write", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!text.includes("__proto__"));
        expect(parseStrictJson(text, 32)).toEqual({ ok: true, value: JSON.parse(text) });
      }),
      { seed: 20261120, numRuns: 2000 },
    );
  });

  it("refuses a repeated key wherever it stands and however it is written", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.jsonValue({ maxDepth: 3 }), (key, value) => {
        fc.pre(key !== "__proto__");
        const name = JSON.stringify(key);
        const escaped = `"${[...Array(key.length).keys()]
          .map((at) => `\\u${key.charCodeAt(at).toString(16).padStart(4, "0")}`)
          .join("")}"`;
        const inner = JSON.stringify(value);
        fc.pre(!inner.includes("__proto__"));
        expect(reasonOf(`{"outer":[{${name}:${inner}, ${escaped}:1}]}`)).toBe("duplicate_key");
        expect(reasonOf(`[{${name}:${inner}},{${escaped}:1}]`)).toBe("ok");
      }),
      { seed: 20261120, numRuns: 1000 },
    );
  });

  it.each([
    ['{"a":1,"a":2}', "duplicate_key"],
    ['{"a":{"b":1},"a":{"b":1}}', "duplicate_key"],
    ['{"a":"a","b":"a"}', "ok"],
    ['{"a":["a","a"]}', "ok"],
    ['{"a":{"a":1}}', "ok"],
    ['{"a\\"":1,"a\\"":2}', "duplicate_key"],
    ['{"\\\\":1,"\\\\":2}', "duplicate_key"],
    ['{"__proto__":1}', "forbidden_key"],
    ['{"\\u005f_proto__":1}', "forbidden_key"],
    ['{"text":"__proto__"}', "ok"],
    ['{"text":"{\\"a\\":1,\\"a\\":2}"}', "ok"],
    ["{", "syntax"],
    ["", "syntax"],
    ["NaN", "syntax"],
    ['{"a":1}{"a":1}', "syntax"],
    ["'a'", "syntax"],
  ])("reads %s as %s", (text, reason) => {
    expect(reasonOf(text)).toBe(reason);
  });

  it("bounds nesting, and does not overflow on ten thousand levels", () => {
    expect(reasonOf("[[[1]]]", 3)).toBe("ok");
    expect(reasonOf("[[[[1]]]]", 3)).toBe("too_deep");
    expect(reasonOf('{"a":[{"a":1}]}', 2)).toBe("too_deep");
    expect(reasonOf("[".repeat(10_000) + "]".repeat(10_000))).toBe("too_deep");
  });
});
