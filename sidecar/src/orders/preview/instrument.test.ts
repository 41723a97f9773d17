import { beforeEach, describe, expect, it } from "vitest";
import { AAPL, aLeg } from "../../../../test/support/orders.ts";
import { notAnswered, type PcOrders, pcOrders } from "../../../../test/support/pc-orders.ts";
import { readGreeks, readHours, readInstrument, readPortfolioGreeks } from "./instrument.ts";

let pc: PcOrders;
beforeEach(() => {
  pc = pcOrders();
});
const held = (conid: number, quantity: string, asset_class = "OPT") => ({
  conid,
  quantity,
  value: null,
  asset_class,
  issuer: null,
  sector: null,
  country: null,
  currency: "USD",
});
const greeks = (rows: object[]) => {
  pc.broker.answers["marketdata.snapshot"] = rows;
};
const finish = <T>(work: Promise<T>) => pc.finish(work);

describe("when an order for a contract can trade", () => {
  it("is now while the market is open, by the broker's schedule", async () => {
    expect(await readHours(pc.context(), AAPL.conid, false)).toMatchObject({
      tradable_now: true,
      regular_hours: true,
      waits: null,
    });
  });

  it("is at the next opening while it is closed", async () => {
    pc.clock.run(10 * 3_600_000);
    expect(await readHours(pc.context(), AAPL.conid, false)).toMatchObject({
      tradable_now: false,
      regular_hours: false,
      opens_at: "2026-11-23T14:30:00.000Z",
      waits: { until: "2026-11-23T14:30:00.000Z", session: "2026-11-23" },
    });
  });

  it("is unknown without a schedule: neither open nor closed", async () => {
    pc.broker.answers["contract.schedule"] = notAnswered();
    expect(await readHours(pc.context(), AAPL.conid, false)).toMatchObject({
      tradable_now: null,
      regular_hours: null,
      opens_at: null,
      waits: null,
    });
  });
});

describe("what is known of an instrument", () => {
  it("counts the days to its expiry, and has no greeks for what is no option", async () => {
    const { contract } = aLeg();
    const option = { ...contract, expiry: "20261121" };
    const read = await finish(readInstrument(pc.context(), option, null, false));
    expect(read).toMatchObject({ days_to_expiry: 1, greeks: null, issuer: null });
    expect(pc.broker.asked).not.toContain("marketdata.snapshot");
  });

  it("has a greek that did not come as null", async () => {
    greeks([{ conid: 5, "7308": "0.5", "6509": "R" }]);
    const read = await finish(readGreeks(pc.context(), [5, 6]));
    expect(read?.get(5)).toMatchObject({ delta: "0.5", gamma: null });
    expect(read?.get(6)).toMatchObject({ delta: null });
  });
});

describe("the greeks of a portfolio", () => {
  const fact = (conid: number, multiplier: number | null) => ({ conid, multiplier });

  it("are zero without options, and unknown without positions", async () => {
    expect(await readPortfolioGreeks(pc.context(), [held(1, "5", "STK")])).toEqual({
      delta: "0",
      gamma: "0",
      theta: "0",
      vega: "0",
    });
    expect(await readPortfolioGreeks(pc.context(), null)).toBeNull();
  });

  it("are summed over quantity and multiplier; one unknown makes the sum unknown", async () => {
    pc.broker.answers["trsrv.secdef"] = { secdef: [fact(5, 100), fact(6, 100)] };
    greeks([
      { conid: 5, "7308": "0.5", "7309": "0.01", "6509": "R" },
      { conid: 6, "7308": "-0.25", "6509": "R" },
    ]);
    const positions = [held(5, "2"), held(6, "-4")];
    expect(await finish(readPortfolioGreeks(pc.context(), positions))).toEqual({
      delta: "200",
      gamma: null,
      theta: null,
      vega: null,
    });
    pc.broker.answers["trsrv.secdef"] = { secdef: [fact(5, 100), fact(6, null)] };
    expect((await finish(readPortfolioGreeks(pc.context(), positions)))?.delta).toBeNull();
  });

  it("are not asked for of more options than a look can take", async () => {
    const many = Array.from({ length: 51 }, (_none, n) => held(n + 1, "1"));
    expect(await readPortfolioGreeks(pc.context(), many)).toBeNull();
    expect(pc.broker.asked).toEqual([]);
  });
});
