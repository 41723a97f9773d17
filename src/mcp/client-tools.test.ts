import { describe, expect, it } from "vitest";
import { renderTools, renderTypes, typeOf } from "../../scripts/lib/client-tools.ts";
import { TOOLS } from "./catalogue.ts";
import { INSTRUCTIONS } from "./server-info.ts";

const facts = TOOLS.map((tool) => ({
  name: tool.name,
  scope: tool.scope,
  listing: tool.listing(),
  input: tool.listing().inputSchema,
  answers: tool.answerSchemas(),
}));

/** The client is its own package and imports nothing of the Worker: it has what is made here. */
describe("what the client knows of the tools", () => {
  it("is what the Worker lists (vitest -u writes it)", async () => {
    await expect(renderTools(facts, INSTRUCTIONS)).toMatchFileSnapshot(
      "../../client/src/tool-list/tools.generated.ts",
    );
  });

  it("has the types of what the Worker takes and answers (vitest -u writes them)", async () => {
    await expect(renderTypes(facts)).toMatchFileSnapshot(
      "../../client/src/tool-list/tool-types.generated.ts",
    );
  });
});

describe("the type of a schema", () => {
  it.each([
    [{ type: "string" }, "string"],
    [{ type: "integer", minimum: 1 }, "number"],
    [{ type: ["string", "number"] }, "string | number"],
    [{ enum: ["a", "b"] }, '"a" | "b"'],
    [{ const: "x" }, '"x"'],
    [{ anyOf: [{ type: "string" }, { type: "null" }] }, "string | null"],
    [{ type: "array", items: { enum: ["a", "b"] } }, '("a" | "b")[]'],
    [{ type: "object", additionalProperties: { type: "number" } }, "Record<string, number>"],
    [
      { type: "object", properties: { a: { type: "string" }, "b-c": {} }, required: ["a"] },
      '{ a: string; "b-c"?: unknown }',
    ],
    [{}, "unknown"],
  ])("%j is %s", (schema, type) => {
    expect(typeOf(schema)).toBe(type);
  });
});
