import { describe, expect, it } from "vitest";
import { type Tweak, verdictOf } from "../../test/support/policy.ts";
import { leg } from "../../test/support/policy-cases/tweaks.ts";

const at =
  (price: string): Tweak =>
  ({ s }) => {
    for (const one of [s.ticket.market, s.edge.market_now]) {
      if (one === null) continue;
      Object.assign(one, { bid: price, ask: price, last: price });
      delete one.reference;
    }
  };
const collar = (price: string, limit_price: string) =>
  verdictOf(at(price), leg({ limit_price })).failures.find(({ check }) => check === "price-collar");

describe("the prices that a collar's refusal proposes", () => {
  it.each([
    ["-10", "-20"],
    ["-10", "-1"],
    ["187.25", "100"],
    ["187.25", "300"],
  ])("would be taken, at a market of %s", (price, limit) => {
    const words = collar(price, limit)?.message ?? "";
    const [, low = "", high = ""] = /use (-?[\d.]+) to (-?[\d.]+)\./.exec(words) ?? [];
    expect([low, high], words).not.toContain("");
    expect(collar(price, low)).toBeUndefined();
    expect(collar(price, high)).toBeUndefined();
  });

  it("lie on the contract's increment", () => {
    const nickels: Tweak = ({ s }) => {
      if (s.facts.rules !== null) s.facts.rules.increments = [{ from: "0", step: "0.05" }];
    };
    const found = verdictOf(at("187.23"), nickels, leg({ limit_price: "300" })).failures;
    const words = found.find(({ check }) => check === "price-collar")?.message ?? "";
    expect(words).toMatch(/use \d+\.\d?[05]? to \d+(\.\d?[05]?)?\./);
  });
});
