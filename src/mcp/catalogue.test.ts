import { EDGE_OPERATIONS } from "@ibkr-edge-gateway/protocol/operation-schemas/edge-operations.ts";
import { EDGE_ORDER_OPERATIONS } from "@ibkr-edge-gateway/protocol/operation-schemas/edge-order-operations.ts";
import { OPERATIONS } from "@ibkr-edge-gateway/protocol/operation-schemas/registry.ts";
import {
  ALL_SCOPES,
  BASELINE_SCOPES,
  coversScope,
  READ_SCOPES,
  SCOPES,
  type Scope,
} from "@ibkr-edge-gateway/protocol/scopes.ts";
import { describe, expect, it } from "vitest";
import { isForbiddenName, listTools, TOOLS, toolNamed } from "./catalogue.ts";

/** Scopes of the predecessor for which the broker's gateway offers nothing; see the support matrix. */
const UNUSED: ReadonlySet<Scope> = new Set(["ibkr:news:read", "ibkr:fundamentals:read"]);

/** Asked for by the account object alone: no agent reaches these but through the object's own. */
const WITHOUT_TOOL: ReadonlySet<string> = new Set([
  "order.preview",
  "order.place",
  "order.rehearse",
  "order.modify",
  "order.cancel",
  "order.answer",
  "order.status",
  "orders.reconcile",
  "alert.tell",
  "approval.announce",
  "approval.check",
  "approver.announce",
  "approver.ask",
  "approver.pages",
  "approver.pending",
  "approver.submit",
  "approver.receipts",
  "approver.result",
  "trust.status",
  "kill.engage",
  "mandate.take",
  "mandate.confirm",
  "mandate.revoke",
]);

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
    if (tool.scope === null || SCOPES[tool.scope].tier === "read") expect(readOnlyHint).toBe(true);
  });

  it("describes every argument and refuses what it does not name", () => {
    const { inputSchema } = listing;
    // Said where there is no argument at all; everywhere the refusal says it.
    const some = inputSchema.properties !== undefined;
    expect(inputSchema.additionalProperties).toBe(some ? undefined : false);
    for (const [field, schema] of Object.entries(inputSchema.properties ?? {})) {
      expect(schema, field).toMatchObject({ description: expect.stringMatching(/.{4}/) });
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
    expect(outputSchema).toEqual({ type: "object" });
    expect(tool.answerSchemas()).toHaveLength(tool.operations.length);
    for (const schema of tool.answerSchemas()) {
      expect(schema).toMatchObject({ type: "object", additionalProperties: false });
      // A failure must never be taken for an answer, nor an answer for a failure.
      for (const key of ["code", "retryable", "user_action"]) {
        expect(schema.properties).not.toHaveProperty(key);
      }
    }
    for (const operation of tool.operations) {
      const call = { operation, input: {}, deadlineMs: 1, page: null };
      for (const result of [{}, null, [], "ok", { code: "X", message: "Y" }]) {
        expect(tool.present(call, result)).toMatchObject({ ok: false });
      }
    }
  });
});

describe("the catalogue", () => {
  it("asks for every operation there is, and for nothing else", () => {
    const known = [
      ...Object.keys(OPERATIONS),
      ...Object.keys(EDGE_OPERATIONS),
      ...Object.keys(EDGE_ORDER_OPERATIONS),
    ];
    const asked = new Set<string>(TOOLS.flatMap(({ operations }) => operations));
    const left = [...WITHOUT_TOOL].filter((name) => !asked.has(name));
    expect(left).toEqual([...WITHOUT_TOOL]);
    expect([...asked, ...left].sort()).toEqual(known.sort());
  });

  it("names each tool once", () => {
    expect(new Set(TOOLS.map(({ name }) => name)).size).toBe(TOOLS.length);
    for (const tool of TOOLS) expect(toolNamed(tool.name)).toBe(tool);
    expect(toolNamed("constructor")).toBeUndefined();
  });

  it("shows a grant exactly the tools it may call, always in the same order", () => {
    const all = new Set<string>(ALL_SCOPES);
    expect(listTools(all).map(({ name }) => name)).toEqual(TOOLS.map(({ name }) => name));
    for (const { annotations } of listTools(new Set<string>(READ_SCOPES))) {
      expect(annotations.readOnlyHint).toBe(true);
    }
    // What every connection may ask, so that a model learns of what it was not given.
    const always = ["ibkr_access_request"];
    expect(listTools(new Set()).map(({ name }) => name)).toEqual(always);
    for (const scope of ALL_SCOPES) {
      const expected = TOOLS.filter(
        (tool) => tool.scope === null || coversScope([scope], tool.scope),
      );
      expect(expected.some((tool) => tool.scope === scope) || UNUSED.has(scope)).toBe(true);
      expect(listTools(new Set([scope])).map(({ name }) => name)).toEqual(
        expected.map(({ name }) => name),
      );
    }
    const backwards = new Set([...ALL_SCOPES].reverse());
    expect(JSON.stringify(listTools(backwards))).toBe(JSON.stringify(listTools(all)));
  });

  it("has none of the forbidden names", () => {
    for (const tool of TOOLS) expect(isForbiddenName(tool.name)).toBe(false);
    expect(isForbiddenName("ibkr_order_submit")).toBe(true);
  });

  it("costs a grant of every read at most 5,500 tokens beside the way to more, the choice to read 4,700", () => {
    const tokens = (scopes: readonly string[]) =>
      JSON.stringify(listTools(new Set<string>(scopes))).length / 4;
    expect(tokens(BASELINE_SCOPES)).toBeLessThanOrEqual(4_700);
    expect(tokens(READ_SCOPES) - tokens([])).toBeLessThanOrEqual(5_500);
    expect(tokens([])).toBeLessThanOrEqual(150);
  });
});
