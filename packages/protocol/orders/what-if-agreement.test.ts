import { expect, it } from "vitest";
import { aLeg, anOrder, aTicket } from "../../../test/support/orders.ts";
import { contract } from "../../../test/support/risk/cases.ts";
import type { Leg } from "./canonical-order.ts";
import { Decimal } from "./decimal.ts";
import type { Ticket } from "./ticket.ts";
import { differenceInWords, whatIfDifference } from "./what-if-agreement.ts";

function compared(
  leg: Partial<Leg>,
  amount: string | null,
  currency: string | null | undefined,
  over: Partial<Ticket> = {},
  rate: string | null = null,
) {
  const ticket = aTicket(anOrder({ legs: [aLeg(leg)] }), over);
  const { what_if } = ticket;
  if (what_if === null) throw new Error("the fixture has a what-if");
  const given = {
    ...what_if,
    amount,
    ...(currency === undefined ? {} : { amount_currency: currency }),
  };
  return whatIfDifference({ ...ticket, what_if: given }, rate === null ? null : new Decimal(rate));
}

it.each<[string, Partial<Leg>, string, string, Partial<Ticket>, boolean]>([
  ["the same", { quantity: "10" }, "1872.5", "USD", {}, true],
  ["2 % more", { quantity: "10" }, "1909.95", "USD", {}, true],
  ["more than 2 % more", { quantity: "10" }, "1909.96", "USD", {}, false],
  ["2 % less", { quantity: "10" }, "1835.05", "USD", {}, true],
  ["more than 2 % less", { quantity: "10" }, "1835.04", "USD", {}, false],
  [
    "B2: pence taken for pounds: a factor of 100",
    { quantity: "1000", limit_price: "72.5", contract: contract({ currency: "GBP" }) },
    "725",
    "GBP",
    { price_magnifier: "1" },
    false,
  ],
  [
    "B2: pence known as pence",
    { quantity: "1000", limit_price: "72.5", contract: contract({ currency: "GBP" }) },
    "725",
    "GBP",
    { price_magnifier: "100" },
    true,
  ],
  [
    "another multiplier than the broker's",
    {
      contract: contract({ asset_class: "OPT", multiplier: "100", right: "C", strike: "200" }),
      limit_price: "2.5",
    },
    "25",
    "USD",
    {},
    false,
  ],
  [
    "a market order, at the ask",
    { order_type: "MKT", limit_price: null },
    "187.3",
    "USD",
    {},
    true,
  ],
  [
    "a market order at twice the ask",
    { order_type: "MKT", limit_price: null },
    "374.6",
    "USD",
    {},
    false,
  ],
  [
    "a stop, at the market",
    { order_type: "STP", limit_price: null, stop_price: "200" },
    "187.3",
    "USD",
    {},
    true,
  ],
  [
    "an amount of money of which whole units cost less",
    { order_type: "MKT", limit_price: null, quantity: null, cash_quantity: "1000" },
    "936.5",
    "USD",
    {},
    true,
  ],
  [
    "an amount of money that the broker would exceed",
    { order_type: "MKT", limit_price: null, quantity: null, cash_quantity: "1000" },
    "1100",
    "USD",
    {},
    false,
  ],
])("%s", (_what, leg, amount, currency, over, agrees) => {
  expect(compared(leg, amount, currency, over) === null).toBe(agrees);
});

it("compares in one currency or not at all", () => {
  const euro = { quantity: "10", contract: contract({ currency: "EUR" }) };
  expect(compared(euro, "1872.5", "EUR")).toBeNull();
  expect(compared(euro, "2059.75", "USD", {}, "1.1")).toBeNull();
  expect(compared(euro, "1872.5", "USD", {}, "1.1")).toEqual({
    ours: "2059.75",
    brokers: "1872.5",
    currency: "USD",
  });
  expect(compared(euro, "1", "USD", {}, null)).toBeNull();
  expect(compared(euro, "1", "JPY", {}, "1.1")).toBeNull();
  expect(compared(euro, "1", undefined, {}, "1.1")).toBeNull();
  expect(compared(euro, null, "EUR")).toBeNull();
});

it("says both figures", () => {
  const found = compared({ quantity: "10" }, "18.725", "USD");
  expect(found === null ? "" : differenceInWords(found)).toBe(
    "By price and quantity the order comes to 1872.5 USD; the broker's own estimate is 18.725 USD.",
  );
});
