import { expect, it } from "vitest";
import { onSaturday } from "../../test/support/closed-market.ts";
import { type Tweak, verdictOf } from "../../test/support/policy.ts";
import { instrument } from "../../test/support/policy-cases/tweaks.ts";

const closedIn =
  (zone: string | null): Tweak =>
  ({ s, p }) => {
    p.form.when_closed = false;
    const { market } = instrument(s);
    if (market !== undefined) market.time_zone = zone;
  };
const words = (zone: string | null) =>
  verdictOf(onSaturday, closedIn(zone)).failures.find(({ check }) => check === "tradable-now")
    ?.message;

it("a market is called the United States' by its zone, not by the currency of its prices", () => {
  expect(words("America/New_York")).toContain("The US stock market is closed");
  expect(words("US/Eastern")).toContain("The US stock market is closed");
  for (const zone of ["Europe/London", "Hongkong", "America/Sao_Paulo", null]) {
    expect(words(zone)).toContain("The stock market is closed");
  }
});
