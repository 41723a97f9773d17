import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AAPL } from "../../test/support/orders.ts";
import { defaultPolicy } from "./defaults.ts";
import { PolicyDocument, policyHash } from "./document.ts";
import { compareRestriction, POLICY_FIELDS } from "./restriction.ts";

const paper = defaultPolicy("DU1234567", "paper");
const changed = (change: (policy: PolicyDocument) => void): PolicyDocument => {
  const copy = structuredClone(paper);
  change(copy);
  return copy;
};
const compare = (change: (policy: PolicyDocument) => void) => {
  const { changes, loosens } = compareRestriction(paper, changed(change));
  return [loosens, ...changes.map(({ field, change: kind }) => `${field} ${kind}`)];
};

describe("comparing two policies", () => {
  it("knows the direction of every field of the document", () => {
    const paths = (value: unknown, path: string[]): string[] =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.entries(value).flatMap(([key, inner]) => paths(inner, [...path, key]))
        : [path.join(".")];
    expect(POLICY_FIELDS.map(({ path }) => path.join(".")).sort()).toEqual(paths(paper, []).sort());
    expect(POLICY_FIELDS.length).toBeGreaterThan(80);
  });

  it("finds nothing between equals", () => {
    expect(compareRestriction(paper, structuredClone(paper))).toEqual({
      changes: [],
      loosens: false,
    });
  });

  it.each<[string, (policy: PolicyDocument) => void, (boolean | string)[]]>([
    [
      "a lower ceiling",
      (p) => (p.order.max_notional = "1999.99"),
      [false, "order.max_notional tighter"],
    ],
    [
      "a higher ceiling",
      (p) => (p.order.max_notional = "2000.01"),
      [true, "order.max_notional looser"],
    ],
    [
      "a ceiling taken off",
      (p) => (p.order.max_notional = null),
      [true, "order.max_notional looser"],
    ],
    ["a ceiling set", (p) => (p.order.max_leverage = "9"), [false, "order.max_leverage tighter"]],
    [
      "a higher floor",
      (p) => (p.options.min_days_to_expiry = 2),
      [false, "options.min_days_to_expiry tighter"],
    ],
    [
      "a lower floor",
      (p) => (p.options.min_days_to_expiry = 0),
      [true, "options.min_days_to_expiry looser"],
    ],
    [
      "a shorter list of what is allowed",
      (p) => (p.form.order_types = ["LMT"]),
      [false, "form.order_types tighter"],
    ],
    [
      "a longer one",
      (p) => (p.form.times_in_force = ["DAY", "GTC", "IOC"]),
      [true, "form.times_in_force looser"],
    ],
    [
      "another one",
      (p) => (p.form.order_types = ["LMT", "MKT"]),
      [true, "form.order_types looser"],
    ],
    ["everything allowed", (p) => (p.form.order_types = null), [true, "form.order_types looser"]],
    [
      "a list where all was allowed",
      (p) => (p.instruments.conids_allowed = [1]),
      [false, "instruments.conids_allowed tighter"],
    ],
    [
      "more forbidden",
      (p) => (p.instruments.conids_denied = [1]),
      [false, "instruments.conids_denied tighter"],
    ],
    [
      "a permission taken",
      (p) => (p.form.when_closed = false),
      [false, "form.when_closed tighter"],
    ],
    [
      "a permission given",
      (p) => (p.form.market_orders = true),
      [true, "form.market_orders looser"],
    ],
    ["a demand made", (p) => (p.order.cash_only = true), [false, "order.cash_only tighter"]],
    ["a demand dropped", (p) => (p.order.what_if = false), [true, "order.what_if looser"]],
    ["the account", (p) => (p.account_id = "DU7654321"), [true, "account_id looser"]],
    [
      "an end set",
      (p) => {
        p.expires_at = "2026-12-01T00:00:00.000Z";
      },
      [false, "expires_at tighter"],
    ],
    ["a mandate let in", (p) => (p.tiers.tier_zero = "mandate"), [true, "tiers.tier_zero looser"]],
    [
      "one tighter, one looser",
      (p) => {
        p.order.max_notional = "1";
        p.order.max_quantity = "101";
      },
      [true, "order.max_notional tighter", "order.max_quantity looser"],
    ],
  ])("%s", (_name, change, expected) => {
    expect(compare(change)).toEqual(expected);
  });

  it("ends a mandate's use and an end already set in the owner's favour at once", () => {
    const before = changed((p) => {
      p.tiers.tier_zero = "mandate";
      p.expires_at = "2026-12-01T00:00:00.000Z";
    });
    const later = { ...before, expires_at: "2026-12-02T00:00:00.000Z" };
    expect(compareRestriction(before, { ...before, tiers: paper.tiers }).loosens).toBe(false);
    expect(compareRestriction(before, later).loosens).toBe(true);
    expect(compareRestriction(later, before).loosens).toBe(false);
    expect(compareRestriction(before, { ...before, expires_at: null }).loosens).toBe(true);
  });

  it("a forbidden entry that is reworded is one removed and one added: looser", () => {
    const entry = {
      conid: AAPL.conid,
      from: null,
      until: null,
      blocks: "all" as const,
      reason: "a",
    };
    const before = changed((p) => p.instruments.restricted.push(entry));
    const after = changed((p) => p.instruments.restricted.push({ ...entry, blocks: "entries" }));
    expect(compareRestriction(before, after).loosens).toBe(true);
  });

  it("what tightens one way loosens the other, for ceilings of any size", () => {
    const ceiling = fc.option(fc.integer({ min: 0, max: 10 ** 9 }).map(String));
    fc.assert(
      fc.property(ceiling, ceiling, (a, b) => {
        const one = changed((p) => (p.order.max_notional = a));
        const two = changed((p) => (p.order.max_notional = b));
        const there = compareRestriction(one, two).loosens;
        const back = compareRestriction(two, one).loosens;
        expect(there && back).toBe(false);
        expect(there || back).toBe(a !== b);
      }),
    );
  });

  it("refuses a document with a field nobody knows, or without one", () => {
    expect(PolicyDocument.safeParse({ ...paper, extra: 1 }).success).toBe(false);
    const { tiers: _tiers, ...rest } = paper;
    expect(PolicyDocument.safeParse(rest).success).toBe(false);
    expect(PolicyDocument.parse(paper)).toEqual(paper);
    expect(PolicyDocument.parse(defaultPolicy("U1234567", "live")).mode).toBe("live");
  });

  it("every change of a policy is a change of its hash", () => {
    for (const { path } of POLICY_FIELDS) {
      const copy: unknown = structuredClone(paper);
      let at: unknown = copy;
      for (const key of path.slice(0, -1)) at = Reflect.get(Object(at), key);
      const key = path.at(-1) ?? "";
      Reflect.set(Object(at), key, ["another value"]);
      expect(policyHash(copy as PolicyDocument), path.join(".")).not.toBe(policyHash(paper));
    }
  });
});
