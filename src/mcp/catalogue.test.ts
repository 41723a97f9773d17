import { describe, expect, it } from "vitest";
import { READ_SCOPES, SCOPES } from "../protocol/scopes.ts";
import { isForbiddenName, listTools, TOOLS, toolNamed } from "./catalogue.ts";

describe.each(TOOLS.map((tool) => [tool.name, tool] as const))("%s", (name, tool) => {
  const listing = tool.listing();

  it("has a name that every host accepts, a title and a description", () => {
    expect(name).toMatch(/^ibkr_[a-z0-9_]{1,59}$/);
    expect(listing.title.length).toBeGreaterThan(3);
    expect(listing.description.length).toBeGreaterThan(20);
    expect(listing.description.length).toBeLessThan(240);
  });

  it("gives all four hints, and no read that could destroy", () => {
    expect(Object.keys(listing.annotations).sort()).toEqual([
      "destructiveHint",
      "idempotentHint",
      "openWorldHint",
      "readOnlyHint",
    ]);
    const { readOnlyHint, destructiveHint } = listing.annotations;
    expect(readOnlyHint && destructiveHint).toBe(false);
    if (SCOPES[tool.scope].tier === "read") expect(readOnlyHint).toBe(true);
  });

  it("describes every argument and refuses what it does not name", () => {
    const { inputSchema } = listing;
    expect(inputSchema.additionalProperties).toBe(false);
    for (const [field, schema] of Object.entries(inputSchema.properties ?? {})) {
      expect(schema, field).toMatchObject({ description: expect.stringMatching(/.{8}/) });
    }
    expect(tool.prepare({ no_such_argument: 1 })).toMatchObject({
      ok: false,
      failure: { code: "INPUT_INVALID" },
    });
    for (const args of [null, [], "x", 1]) {
      if (args !== null) expect(tool.prepare(args)).toMatchObject({ ok: false });
    }
  });

  it("publishes what it answers, and admits a failure beside it", () => {
    const { outputSchema } = listing;
    expect(Object.keys(outputSchema.properties ?? {}).length).toBeGreaterThan(0);
    expect(outputSchema).not.toHaveProperty("required");
    expect(outputSchema).not.toHaveProperty("additionalProperties");
    expect(tool.answerSchema()).toMatchObject({ type: "object", additionalProperties: false });
    expect(tool.present({})).toMatchObject({ ok: false });
    expect(tool.present(null)).toMatchObject({ ok: false });
  });
});

describe("the catalogue", () => {
  it("names each tool once", () => {
    expect(new Set(TOOLS.map(({ name }) => name)).size).toBe(TOOLS.length);
    for (const tool of TOOLS) expect(toolNamed(tool.name)).toBe(tool);
    expect(toolNamed("constructor")).toBeUndefined();
  });

  it("shows a grant exactly the tools it may call, always in the same order", () => {
    const all = new Set<string>(READ_SCOPES);
    expect(listTools(all).map(({ name }) => name)).toEqual(TOOLS.map(({ name }) => name));
    expect(listTools(new Set())).toEqual([]);
    for (const scope of READ_SCOPES) {
      const expected = TOOLS.filter((tool) => tool.scope === scope).map(({ name }) => name);
      expect(listTools(new Set([scope])).map(({ name }) => name)).toEqual(expected);
    }
    const backwards = new Set([...READ_SCOPES].reverse());
    expect(JSON.stringify(listTools(backwards))).toBe(JSON.stringify(listTools(all)));
  });

  it("has none of the forbidden names", () => {
    for (const tool of TOOLS) expect(isForbiddenName(tool.name)).toBe(false);
    expect(isForbiddenName("ibkr_order_submit")).toBe(true);
  });

  it("costs a read-only grant at most 6,000 tokens", () => {
    const listed = JSON.stringify(listTools(new Set<string>(READ_SCOPES)));
    expect(listed.length / 4).toBeLessThanOrEqual(6_000);
  });
});
