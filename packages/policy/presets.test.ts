import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defaultPolicy } from "./defaults.ts";
import { PolicyDocument } from "./document.ts";
import { EXAMPLE_PRICE, exampleOrders } from "./example-orders.ts";
import { presetPolicy, withPreset } from "./presets.ts";
import { compareRestriction } from "./restriction.ts";

const NOW = "2026-11-20T15:00:00.000Z";
const MODES = ["paper", "live"] as const;

describe.each(MODES)("the presets of a %s account", (mode) => {
  const usual = presetPolicy("usual", "DU1234567", mode);
  const careful = presetPolicy("careful", "DU1234567", mode);

  it("are policies, and the usual one is what a new account starts with", () => {
    expect(PolicyDocument.parse(careful)).toEqual(careful);
    expect(usual).toEqual(defaultPolicy("DU1234567", mode));
  });

  it("are tighter where they are careful, and looser nowhere", () => {
    const { changes, loosens } = compareRestriction(usual, careful);
    expect(loosens).toBe(false);
    expect(changes.length).toBeGreaterThan(15);
  });

  it("let half as much of the example order pass where they are careful", () => {
    const [most, half] = [exampleOrders(usual, NOW), exampleOrders(careful, NOW)];
    expect(most.passes?.value).toBe(mode === "paper" ? 2_000 : 1_000);
    expect(half.passes?.value).toBe(mode === "paper" ? 1_000 : 500);
    expect(half.refused?.quantity).toBe((half.passes?.quantity ?? 0) + 1);
    expect(half.refused?.why).toContain("value at risk");
  });
});

it("keeps the owner's own lists and hours when a preset is chosen", () => {
  const paper = defaultPolicy("DU1234567", "paper");
  const own: PolicyDocument = {
    ...paper,
    enabled: false,
    expires_at: "2027-01-01T00:00:00.000Z",
    state: { ...paper.state, quiet_hours: [{ from: "22:00", to: "07:00", zone: "Europe/Zurich" }] },
    clients: { ...paper.clients, allowed: ["client-1"] },
    instruments: {
      ...paper.instruments,
      conids_denied: [1],
      issuers_denied: ["ACME"],
      exchanges: ["NYSE"],
      currencies: ["USD"],
    },
  };
  const changed = compareRestriction(own, withPreset(own, "careful")).changes;
  expect(compareRestriction(own, withPreset(own, "usual")).changes).toEqual([]);
  expect(changed.every(({ change }) => change === "tighter")).toBe(true);
});

it("finds an example for whatever limit is set, and never calls one allowed that is not", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 20_000 }),
      fc.integer({ min: 0, max: 50 }),
      (most, pc) => {
        const paper = defaultPolicy("DU1234567", "paper");
        const order = {
          ...paper.order,
          max_notional: String(most),
          max_quantity: null,
          max_nlv_percent: String(pc),
        };
        const { passes, refused } = exampleOrders({ ...paper, order }, NOW);
        const shares = Math.floor(Math.min(most, pc * 1_000, 10_000) / EXAMPLE_PRICE);
        expect(passes?.quantity ?? 0).toBe(shares);
        expect(refused?.quantity).toBe(shares + 1);
      },
    ),
    { numRuns: 25 },
  );
});

it("says why nothing passes", () => {
  const paper = defaultPolicy("DU1234567", "paper");
  const off = exampleOrders({ ...paper, enabled: false }, NOW);
  expect(off.passes).toBeNull();
  expect(off.refused?.why).not.toBe("");
  const over = exampleOrders({ ...paper, expires_at: "2026-11-01T00:00:00.000Z" }, NOW);
  expect(over.passes).toBeNull();
});
