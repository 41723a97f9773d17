import { describe, expect, it } from "vitest";
import { AAPL, aLeg, anOrder } from "../../../test/support/orders.ts";
import type { Contract } from "./canonical-order.ts";
import { orderInWords } from "./order-words.ts";

const order = (over: Partial<Contract>) =>
  anOrder({ legs: [aLeg({ contract: { ...AAPL, ...over } })] });
const words = (over: Partial<Contract>) => orderInWords({ order: order(over), waits: null });
describe("where a share is listed", () => {
  it.each(["NASDAQ", "NASDAQ.NMS", "NYSE", "ARCA", null, "\u001b[2J", "a b"])(
    "goes without saying in dollars on %j, or is not repeated",
    (listing_exchange) => {
      expect(words({ listing_exchange })).toBe("Buy 1 AAPL at 187.25 USD or less, today only");
    },
  );

  it.each([
    ["EBS", "CHF"],
    ["MEXI", "MXN"],
    ["IBIS", "EUR"],
    // The same letters in dollars, where they may be another share.
    ["PINK", "USD"],
    ["LSE", "USD"],
    // A home exchange and another currency do not go together.
    ["NYSE", "EUR"],
  ])("stands in the order's words: %s in %s", (listing_exchange, currency) => {
    expect(words({ listing_exchange, currency })).toBe(
      `Buy 1 AAPL (listed on ${listing_exchange}) at 187.25 ${currency} or less, today only`,
    );
  });

  it("is no matter of an option or a future, whose terms say which it is", () => {
    const option = { asset_class: "OPT", expiry: "20261218", strike: "190", right: "C" } as const;
    expect(words({ ...option, listing_exchange: "EUREX", currency: "EUR" })).toContain(
      "Buy 1 AAPL 20261218 190 call at",
    );
  });
});
