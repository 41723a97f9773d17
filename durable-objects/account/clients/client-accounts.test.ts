import { describe, expect, it } from "vitest";
import { narrowInput, narrowResult } from "./client-accounts.ts";

describe("broker accounts of a client", () => {
  it("all: nothing is changed", () => {
    expect(narrowInput("positions.list", { account_id: "U1" }, null)).toEqual({
      ok: true,
      input: { account_id: "U1" },
    });
    expect(narrowResult({ account_id: "U1" }, null)).toEqual({
      result: { account_id: "U1" },
      changed: false,
    });
  });

  it("one: it is meant where none is named; none: nothing can be meant", () => {
    expect(narrowInput("positions.list", {}, ["U1"])).toEqual({
      ok: true,
      input: { account_id: "U1" },
    });
    expect(narrowInput("positions.list", {}, [])).toMatchObject({
      ok: false,
      failure: { code: "INPUT_UNAUTHORIZED_ACCOUNT" },
    });
    expect(narrowInput("positions.list", {}, ["U1", "U2"])).toMatchObject({
      ok: false,
      failure: { code: "INPUT_AMBIGUOUS_ACCOUNT" },
    });
  });

  it("another one: refused as if it did not exist, before and after the broker was asked", () => {
    const refused = narrowInput("positions.list", { account_id: "U9" }, ["U1"]);
    expect(refused).toMatchObject({ ok: false, failure: { code: "INPUT_UNAUTHORIZED_ACCOUNT" } });
    expect(JSON.stringify(refused)).not.toContain("U9");
    expect(narrowResult({ account_id: "U9", positions: [] }, ["U1"])).toBeNull();
  });

  it("the list of accounts shows those alone", () => {
    expect(
      narrowResult({ accounts: [{ account_id: "U1" }, { account_id: "U9" }, "odd"] }, ["U1"]),
    ).toEqual({ result: { accounts: [{ account_id: "U1" }] }, changed: true });
  });

  it("operations that are about no account pass", () => {
    expect(narrowInput("contracts.search", { query: "A" }, ["U1"])).toEqual({
      ok: true,
      input: { query: "A" },
    });
    expect(narrowInput("gateway.health", {}, [])).toEqual({ ok: true, input: {} });
  });
});
