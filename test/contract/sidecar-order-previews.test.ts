import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { limitOrder, type OrderRig, startOrderRig } from "../support/order-rig.ts";

/** Which contract an order means, and what a preview says of it; nothing is ever sent for it. */
let rig: OrderRig;
beforeAll(async () => {
  rig = await startOrderRig({ behaviours: { questions: { enabled: false } } });
});
afterAll(async () => {
  expect(rig.posts()).toEqual([]);
  await rig.close();
});

const bySymbol = (over: JsonObject): JsonObject => {
  const { order } = limitOrder(rig.account, "1", over);
  const { conid: _conid, ...rest } = order as JsonObject;
  return { kind: "order", order: rest };
};

describe("the contract of a preview", () => {
  it("by a bare symbol that means several is the home listing in the account's currency", async () => {
    const { ticket, notes } = await rig.preview(bySymbol({ symbol: "AAPL", limit_price: "150" }));
    expect(notes.join(" ")).toContain("The home listing was taken: NASDAQ, USD, conid 265598");
    expect(ticket.order.legs[0]?.contract).toMatchObject({
      conid: 265598,
      currency: "USD",
      listing_exchange: "NASDAQ",
    });
  });

  it("by symbol and currency, where that means one, is that one", async () => {
    const { ticket } = await rig.preview(
      bySymbol({ symbol: "AAPL", currency: "USD", limit_price: "150" }),
    );
    expect(ticket.order.legs[0]?.contract).toMatchObject({ conid: 265598, currency: "USD" });
  });

  it.each(["EBS", "MEXI", "TSE"])(
    "by a symbol and the exchange %s is never the listing of another exchange",
    async (exchange) => {
      const answer = await rig.tryPreview(
        bySymbol({ symbol: "AAPL", exchange, limit_price: "150" }),
      );
      if ("ticket" in answer) {
        expect(answer.ticket.order.legs[0]?.contract.listing_exchange).toBe(exchange);
      } else {
        expect(answer.refusals[0]).toMatchObject({ field: "exchange" });
        expect(answer.refusals[0]?.message).toContain("NASDAQ");
      }
    },
  );

  it("by a symbol nobody lists is refused", async () => {
    const answer = await rig.tryPreview(bySymbol({ symbol: "NOSUCH" }));
    expect(answer).toMatchObject({ refusals: [{ code: "INPUT_INVALID_CONTRACT" }] });
  });

  it("of an option is found by expiry, strike and right, and counted by its multiplier", async () => {
    const chain = await rig.ask("options.chain", { underlying_conid: 265598 });
    const option = chain.contracts.find(({ right }) => right === "call");
    if (option === undefined) throw new Error("the simulator lists no call");
    const preview = await rig.preview(
      bySymbol({
        symbol: "AAPL",
        currency: "USD",
        asset_class: "OPT",
        expiry: option.expiry.replaceAll("-", ""),
        strike: option.strike,
        right: "C",
        quantity: "1",
        limit_price: "1.5",
      }),
    );
    const { contract } = preview.ticket.order.legs[0] ?? {};
    expect(contract).toMatchObject({ conid: option.conid, multiplier: "100", right: "C" });
    expect(preview.ticket.notional).toBe("150");
    expect(preview.facts.instrument?.days_to_expiry).toBeGreaterThanOrEqual(0);
  });

  it("of an option without its expiry is refused by that field", async () => {
    const answer = await rig.tryPreview(
      bySymbol({ symbol: "AAPL", asset_class: "OPT", strike: "150", right: "C" }),
    );
    expect(answer).toMatchObject({ refusals: [{ field: "expiry" }] });
  });

  it("of a future says that an operator must be named, before anybody approves", async () => {
    const found = await rig.ask("contracts.search", { query: "ES", asset_class: "FUT" });
    const conid = found.candidates[0]?.conid ?? 0;
    const preview = await rig.preview(
      limitOrder(rig.account, "1", { conid, quantity: "1", limit_price: "4000" }),
    );
    expect(preview.ticket.order.legs[0]?.contract).toMatchObject({ asset_class: "FUT" });
    expect(preview.notes.join()).toContain("who operates");
    const rules = preview.local_refusals.map(({ rule }) => rule);
    expect(rules).toEqual(expect.arrayContaining(["max_notional", "futures_operator"]));
  });
});

describe("what a preview says", () => {
  it("an exit is an exit by this PC's own read, and a larger one turns the position", async () => {
    const sell = (quantity: string) =>
      limitOrder(rig.account, "250", { side: "SELL", quantity, conid: 265598 });
    const exit = await rig.preview(sell("25"));
    expect(exit.facts.effect).toMatchObject({ kind: "exit", position: "25" });
    const flip = await rig.preview(sell("26"));
    expect(flip.facts.effect).toMatchObject({ kind: "flip" });
    const only = await rig.preview(
      limitOrder(rig.account, "250", { side: "SELL", quantity: "26", reduce_only: true }),
    );
    expect(only.local_refusals.map(({ code }) => code)).toContain("REDUCE_ONLY_WOULD_INCREASE");
  });

  it("the broker's own refusal shows before anybody approves", async () => {
    rig.caps((caps) => ({
      ...caps,
      paper: { ...caps.paper, max_notional: "999999999", max_quantity: "999999999" },
    }));
    const preview = await rig.preview(
      limitOrder(rig.account, "190", { quantity: "90000", conid: 265598 }),
    );
    expect(preview.ticket.what_if?.error).toContain("NOT ACCEPTED");
  });

  it("every figure in its ticket is a decimal string, and its time and availability stand by it", async () => {
    const { ticket } = await rig.preview(limitOrder(rig.account, "150"));
    expect(ticket.market).toMatchObject({
      availability: expect.any(String),
      at: expect.any(String),
    });
    for (const text of [ticket.notional, ticket.what_if?.commission, ticket.market?.last]) {
      expect(text).toMatch(/^\d+(\.\d+)?$/);
    }
  });
});
