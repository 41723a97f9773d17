import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pcOrders } from "../../../test/support/pc-orders.ts";
import { contractFacts } from "../client-portal/endpoints/contracts.ts";
import { snapshotLook } from "../client-portal/endpoints/quotes.ts";
import { createSeen, type OperationContext } from "./operation-context.ts";
import { readRealtimePositions } from "./position-rows.ts";
import { quoteFrom } from "./quote-fields.ts";

describe("figures as the broker means them", () => {
  const row = (fields: Record<string, string>) => ({
    conid: 1,
    updatedAt: null,
    availabilityCode: "Z",
    fields: new Map(Object.entries(fields)),
  });
  const wanted = ["last", "bid", "ask", "bid_size", "open", "low", "change", "volume"] as const;

  it("0 and -1 are no prices, a size without its price is none, and a change may be either", () => {
    const quote = quoteFrom(
      1,
      row({
        31: "0",
        84: "-1",
        86: "0.00",
        88: "100",
        7295: "0.0000",
        71: "-1",
        82: "-1",
        7762: "0",
      }),
      wanted,
      undefined,
    );
    expect(quote.values).toEqual({
      last: null,
      bid: null,
      ask: null,
      bid_size: null,
      open: null,
      low: null,
      change: "-1",
      volume: "0",
    });
    expect(quote.missing).toEqual(["last", "bid", "ask", "bid_size", "open", "low"]);
  });

  it("a price comes on its contract's tick, without the noise of a float", () => {
    const [fact] = contractFacts([1]).decode({
      secdef: [
        {
          conid: 1,
          incrementRules: [
            { lowerEdge: 1.0, increment: 0.01 },
            { lowerEdge: 0.0, increment: 0.0001 },
          ],
        },
      ],
    });
    const noisy = row({ 31: "C269.809998", 7741: "269.80999755859375", 82: "-1.2000000476837158" });
    const fields = ["last", "prior_close", "change"] as const;
    expect(quoteFrom(1, noisy, fields, fact).values).toEqual({
      last: null,
      prior_close: "269.81",
      change: "-1.2",
    });
    expect(quoteFrom(1, row({ 31: "0.12340000271797180" }), ["last"], fact).values.last).toBe(
      "0.1234",
    );
  });

  it("for any row, bid and ask are never 0 or -1", () => {
    const figure = fc.constantFrom(
      "0",
      "-1",
      "0.00",
      "-1.00",
      "C0",
      "H-1",
      "12.5",
      "H12.5",
      "",
      "x",
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom("31", "84", "86", "7741"), figure), (fields) => {
        const { values } = quoteFrom(
          1,
          row(fields),
          ["last", "bid", "ask", "prior_close"],
          undefined,
        );
        for (const value of Object.values(values)) expect(["0", "-1"]).not.toContain(value);
      }),
      { seed: 20261130 },
    );
  });

  it("a time in another unit is no time", () => {
    const [row] = snapshotLook([1], ["31"]).decode([
      { conid: 1, _updated: 1_775_169_600_000_000, 31: "5" },
    ]);
    expect(row?.updatedAt).toBeNull();
  });
});

describe("positions as the broker means them", () => {
  it("price and value come without the noise of a float, and nothing else is changed", async () => {
    const rows = [
      { conid: 1, position: 25, marketPrice: 269.80999755859375, marketValue: 6745.25 },
      { conid: 2, position: 26, marketPrice: 269.80999755859375, marketValue: 7015.06005859375 },
      { conid: 3, position: 3, marketPrice: 10.5, marketValue: 3150 },
    ];
    const context: Pick<OperationContext, "ask" | "seen" | "stream"> = {
      seen: createSeen(),
      stream: pcOrders().side.stream,
      ask: async (ask) => ({
        value: ask.decode(rows),
        at: 0,
        begunAt: 0,
        from: "broker",
        proved: true,
      }),
    };
    const { positions } = await readRealtimePositions(context, "DU1234567");
    expect(positions.map(({ market_price, market_value }) => [market_price, market_value])).toEqual(
      [
        ["269.81", "6745.25"],
        ["269.81", "7015.06"],
        // A contract of 100: the value is not the price times the quantity.
        ["10.5", "3150"],
      ],
    );
  });
});
