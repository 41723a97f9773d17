import { expect, it } from "vitest";
import { aTicket } from "../../../test/support/orders.ts";
import { verdictOf } from "../../../test/support/policy.ts";
import { comparedPrice } from "./compared-price.ts";

/** The broker gave a quote and no time of it: it may be of now, or of last week. */
it("a quote without a time is never taken for one of now", () => {
  const { market } = aTicket();
  if (market === null) throw new Error("the fixture has a market");
  const undated = { ...market, at: null };
  expect(comparedPrice({ quote: market, waits: false })).not.toBeNull();
  expect(comparedPrice({ quote: { ...undated, last: null }, waits: false })).toBeNull();
  const { failures } = verdictOf(({ s }) => {
    s.edge.market_now = undated;
  });
  expect(failures.find(({ check }) => check === "quote-fresh")).toMatchObject({
    outcome: "unknown",
    message: expect.stringContaining("The quote's age in seconds could not be read"),
  });
});
