import { ORDER_REFUSAL_CODES } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { describe, expect, it } from "vitest";
import { aDraftOf, type Tweak, verdictOf } from "../../test/support/policy.ts";
import { APPROVAL_CASES } from "../../test/support/policy-cases/approval.ts";
import { BEHAVIOUR_CASES } from "../../test/support/policy-cases/behaviour.ts";
import { CUMULATIVE_CASES } from "../../test/support/policy-cases/cumulative.ts";
import { DATA_CASES } from "../../test/support/policy-cases/data.ts";
import { FORM_CASES } from "../../test/support/policy-cases/form.ts";
import { IDENTITY_CASES } from "../../test/support/policy-cases/identity.ts";
import { INSTRUMENT_CASES } from "../../test/support/policy-cases/instrument.ts";
import { ORDER_CASES } from "../../test/support/policy-cases/order.ts";
import { PORTFOLIO_CASES } from "../../test/support/policy-cases/portfolio.ts";
import { STATE_CASES } from "../../test/support/policy-cases/state.ts";
import { nothing } from "../../test/support/policy-cases/tweaks.ts";
import { CHECKS } from "./registry.ts";

/** Every check has its cases here, by stage. A check without any fails the run. */
const ROWS = {
  ...STATE_CASES,
  ...IDENTITY_CASES,
  ...FORM_CASES,
  ...INSTRUMENT_CASES,
  ...DATA_CASES,
  ...ORDER_CASES,
  ...CUMULATIVE_CASES,
  ...PORTFOLIO_CASES,
  ...BEHAVIOUR_CASES,
  ...APPROVAL_CASES,
};

describe.each(CHECKS.map((check) => [check.name, check] as const))("%s", (name, check) => {
  const result = (tweak: Tweak) => {
    const verdict = verdictOf(tweak);
    const found = verdict.results.find((each) => each.check === name);
    if (found === undefined) throw new Error("the verdict leaves the check out");
    return { verdict, found };
  };
  const row = new Map(Object.entries(ROWS)).get(name);

  it("has cases, a sentence, and a code of the closed union", () => {
    expect(row).toBeDefined();
    expect(check.means).toMatch(/^[A-Z].+\.$/);
    expect(ORDER_REFUSAL_CODES).toContain(check.code);
  });

  it("passes what keeps it", () => {
    if (row === undefined) return;
    expect(result(row.passes).found).toMatchObject({ outcome: "pass", message: check.means });
  });

  it("refuses what breaks it, by its code, with all it measured", () => {
    if (row === undefined) return;
    const { verdict, found } = result(row.fails);
    expect(found.outcome).toBe("fail");
    expect(found.message).toMatch(/^[A-Za-z0-9(].+\.$/);
    expect(found.message).not.toContain("undefined");
    expect(found.source).not.toBe("");
    expect(verdict.allowed).toBe(false);
    expect(verdict.failures.map(({ code }) => code)).toContain(check.code);
  });

  const missing = row?.unknown;
  if (missing === undefined || missing === "none") return;
  it("denies when what it needs is missing", () => {
    const { verdict, found } = result(missing);
    expect(found.outcome).toBe("unknown");
    expect(found.message).toContain("could not be read");
    expect(verdict.allowed).toBe(false);
  });
});

it("has no cases for a check that does not exist", () => {
  expect(Object.keys(ROWS).sort()).toEqual(CHECKS.map(({ name }) => name).sort());
});

it("the fixture itself is a small paper order that passes", () => {
  expect(verdictOf(nothing).failures).toEqual([]);
  expect(aDraftOf().p.order.max_notional).toBe("2000");
});
