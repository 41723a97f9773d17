import type { PositionFact } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { expect, it } from "vitest";
import { notAnswered, pcOrders } from "../../../../test/support/pc-orders.ts";
import { position } from "../../../../test/support/policy-cases/tweaks.ts";
import { withShortOptions } from "./short-options.ts";

const USD = new Map([["USD", "1"]]);
const terms = {
  ticker: "AAPL",
  currency: "USD",
  expiry: "20261218",
  multiplier: 100,
  assetClass: "OPT",
};

async function valued(held: Partial<PositionFact>[], answer?: unknown) {
  const pc = pcOrders();
  pc.broker.answers["trsrv.secdef"] = answer ?? {
    secdef: [
      { ...terms, conid: 7, strike: 500, putOrCall: "P" },
      { ...terms, conid: 8, strike: 200, putOrCall: "C" },
    ],
  };
  const positions = held.map((over) => position({ asset_class: "OPT", ...over }));
  const read = await withShortOptions(pc.context(), positions, USD);
  return read?.map(({ at_risk }) => at_risk);
}

it("counts a short put at its strike, and a short call at its strike and what it is worth", async () => {
  expect(
    await valued([
      { conid: 7, quantity: "-100", value: "-500" },
      { conid: 7, quantity: "-1", value: null },
      { conid: 8, quantity: "-2", value: "-500" },
      { conid: 8, quantity: "-1", value: "0" },
    ]),
  ).toEqual(["5000000", "50000", "40500", "20000.0001"]);
});

it("leaves what is not short, or no option, as it is", async () => {
  const pc = pcOrders();
  const others = [position(), position({ asset_class: "OPT", conid: 7, quantity: "3" })];
  expect(await withShortOptions(pc.context(), others, USD)).toEqual(others);
  expect(pc.broker.asked).not.toContain("trsrv.secdef");
  expect(await withShortOptions(pc.context(), null, USD)).toBeNull();
});

it("is not known without the contract's terms, a value of a call, or a rate", async () => {
  const short = { conid: 7, quantity: "-1", value: "-5" };
  expect(await valued([short], notAnswered())).toEqual([null]);
  expect(await valued([{ ...short, conid: 9 }])).toEqual([null]);
  expect(await valued([{ conid: 8, quantity: "-1", value: null }])).toEqual([null]);
});
